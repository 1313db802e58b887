package glance.model.autoencoderqwen;

import glance.ops.Ops;
import glance.tensor.Tensor;

/** One stage of the autoencoder: x [batch, height, width, channels] to the same kind of tensor. */
@FunctionalInterface
interface Layer {
    Tensor forward(Ops ops, Tensor x);
}
