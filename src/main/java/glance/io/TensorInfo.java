package glance.io;

import glance.tensor.DType;
import glance.tensor.Shape;

/**
 * One tensor of a file, as its header describes it.
 *
 * @param name the key in the file
 * @param dtype element type
 * @param shape dimensions, outermost first
 * @param bytes size of the data
 */
public record TensorInfo(String name, DType dtype, Shape shape, long bytes) {}
