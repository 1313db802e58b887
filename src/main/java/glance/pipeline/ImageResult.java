package glance.pipeline;

import java.awt.image.BufferedImage;

/**
 * One generated picture.
 *
 * @param prompt its prompt
 * @param seed that makes it again
 */
public record ImageResult(String prompt, long seed, BufferedImage picture) {}
