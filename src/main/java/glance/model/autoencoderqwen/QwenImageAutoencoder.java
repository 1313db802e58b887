package glance.model.autoencoderqwen;

import glance.io.Weights;
import glance.model.CodecMemory;
import glance.model.CodecShapes;
import glance.nn.Conv2d;
import glance.nn.Parameters;
import glance.op.Activation;
import glance.op.Op;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The causal video autoencoder of Qwen-Image on single frames, channels last. On one frame the
 * temporal convolutions reduce to their last slice and the temporal resampling does nothing. Equals
 * AutoencoderKLQwenImage of diffusers.
 */
public final class QwenImageAutoencoder implements AutoCloseable {
    /** Rows of latents in a strip, without what it takes along. */
    private static final int STRIP_ROWS = 32;

    private final AutoencoderConfig config;
    private final Parameters parameters;
    private final List<Layer> encoder = new ArrayList<>(); // near pixels only
    private final List<Layer> encoderEnd = new ArrayList<>(); // the whole picture, at latent size
    private final List<Layer> decoderStart = new ArrayList<>(); // the same
    private final List<Layer> decoder = new ArrayList<>(); // near pixels only

    /** Loads the autoencoder; {@code weights} must stay open as long as it is used. */
    public QwenImageAutoencoder(Ops ops, AutoencoderConfig config, Weights weights) {
        this.config = config;
        parameters = new Parameters(ops, WanNames.TABLE.view(weights), "AutoencoderKLQwenImage");
        encoder(config, parameters.in("encoder"));
        int z = config.latentChannels();
        Conv2d quant = parameters.causalConv3d("quant_conv", 2 * z, 2 * z, 1);
        encoderEnd.add(quant::forward);
        Conv2d postQuant = parameters.causalConv3d("post_quant_conv", z, z, 1);
        decoderStart.add(postQuant::forward);
        decoder(config, parameters.in("decoder"));
        decoder.add((o, x) -> o.activation(Activation.HARD_TANH, x));
        parameters.ignore(name -> name.contains(".time_conv."));
        parameters.finish();
    }

    private void encoder(AutoencoderConfig config, Parameters p) {
        int levels = config.dimMult().size();
        int dim = config.baseDim();
        Conv2d convIn = p.causalConv3d("conv_in", config.imageChannels(), dim, 3);
        encoder.add(convIn::forward);
        int index = 0;
        for (int level = 0; level < levels; level++) {
            int out = config.baseDim() * config.dimMult().get(level);
            for (int i = 0; i < config.numResBlocks(); i++) {
                encoder.add(new ResidualBlock(p.in("down_blocks").in(index++), dim, out));
                dim = out;
            }
            if (level < levels - 1) {
                Op.Padding padding = new Op.Padding(0, 0, 1, 1);
                Conv2d down =
                        p.in("down_blocks")
                                .in(index++)
                                .conv2d("resample.1", dim, dim, 3, 2, padding);
                encoder.add(down::forward);
            }
        }
        encoderEnd.add(new MidBlock(p.in("mid_block"), dim));
        head(encoderEnd, p, dim, 2 * config.latentChannels());
    }

    private void decoder(AutoencoderConfig config, Parameters p) {
        int levels = config.dimMult().size();
        int dim = config.baseDim() * config.dimMult().get(levels - 1);
        Conv2d convIn = p.causalConv3d("conv_in", config.latentChannels(), dim, 3);
        decoderStart.add(convIn::forward);
        decoderStart.add(new MidBlock(p.in("mid_block"), dim));
        for (int level = 0; level < levels; level++) {
            Parameters block = p.in("up_blocks").in(level);
            int out = config.baseDim() * config.dimMult().get(levels - 1 - level);
            for (int i = 0; i <= config.numResBlocks(); i++) {
                decoder.add(new ResidualBlock(block.in("resnets").in(i), dim, out));
                dim = out;
            }
            if (level < levels - 1) {
                Conv2d up =
                        block.in("upsamplers")
                                .in(0)
                                .conv2d("resample.1", dim, dim / 2, 3, 1, Op.Padding.all(1));
                decoder.add((ops, x) -> up.forward(ops, ops.upsampleNearest2x(x)));
                dim /= 2;
            }
        }
        head(decoder, p, dim, config.imageChannels());
    }

    private static void head(List<Layer> layers, Parameters p, int in, int out) {
        ChannelNorm norm = new ChannelNorm(p.in("norm_out"), in, 3);
        Conv2d conv = p.causalConv3d("conv_out", in, out, 3);
        layers.add((ops, x) -> conv.forward(ops, norm.forward(ops, x, Activation.SILU)));
    }

    /**
     * The posterior of a picture. Works in strips where the whole asks for too much memory; the
     * result is the same.
     *
     * @param image [batch, height, width, 3] in [-1, 1]; sides divisible by the scale factor
     * @return [batch, height / factor, width / factor, 2 * latentChannels]: mean, then log-variance
     * @throws IllegalArgumentException if the image has another shape
     */
    public Tensor encode(Ops ops, Tensor image) {
        CodecShapes.picture(image, config.imageChannels(), config.scaleFactor());
        int rows = stripRows(ops, image.dim(0), image.dim(1), image.dim(2));
        return encode(ops, image, rows);
    }

    /** The same in strips of {@code latentRows} rows of latents. */
    Tensor encode(Ops ops, Tensor image, int latentRows) {
        int factor = config.scaleFactor();
        try (Scope scope = ops.scope()) {
            Tensor h =
                    latentRows * factor >= image.dim(1)
                            ? StripRunner.whole(ops, encoder, image)
                            : StripRunner.strips(
                                    ops,
                                    encoder,
                                    image,
                                    latentRows * factor,
                                    encoderHalo(),
                                    1,
                                    factor);
            return scope.keep(StripRunner.whole(ops, encoderEnd, h));
        }
    }

    /**
     * The picture of latents. Works in strips where the whole asks for too much memory; the result
     * is the same.
     *
     * @param latents [batch, height, width, latentChannels], not normalised
     * @return [batch, factor * height, factor * width, 3] in [-1, 1]
     * @throws IllegalArgumentException if the latents have another shape
     */
    public Tensor decode(Ops ops, Tensor latents) {
        CodecShapes.latents(latents, config.latentChannels());
        int factor = config.scaleFactor();
        int height = latents.dim(1) * factor;
        return decode(
                ops, latents, stripRows(ops, latents.dim(0), height, latents.dim(2) * factor));
    }

    /** The same in strips of {@code latentRows} rows of latents. */
    Tensor decode(Ops ops, Tensor latents, int latentRows) {
        int factor = config.scaleFactor();
        try (Scope scope = ops.scope()) {
            Tensor h = StripRunner.whole(ops, decoderStart, latents);
            Tensor image =
                    latentRows >= latents.dim(1)
                            ? StripRunner.whole(ops, decoder, h)
                            : StripRunner.strips(
                                    ops, decoder, h, latentRows, decoderHalo(), factor, 1);
            return scope.keep(image);
        }
    }

    /** Rows of latents beyond a strip that a row of the picture depends on. */
    private int decoderHalo() {
        int need = 1; // conv_out
        for (int level = config.dimMult().size() - 1; level >= 0; level--) {
            need += 2 * (config.numResBlocks() + 1);
            if (level > 0) {
                need = (need + 1 + 1) / 2; // the convolution after doubling, rounded up
            }
        }
        return need;
    }

    /** Rows of the picture beyond a strip that a latent depends on, in whole latents. */
    private int encoderHalo() {
        int need = 0;
        for (int level = config.dimMult().size() - 1; level >= 0; level--) {
            need += 2 * config.numResBlocks();
            need = level > 0 ? 2 * need + 1 : need + 1; // the halving convolution, or conv_in
        }
        int factor = config.scaleFactor();
        return (need + factor - 1) / factor * factor;
    }

    /** Rows of latents in a strip; the widest place is a residual block of full size. */
    private int stripRows(Ops ops, int batch, int height, int width) {
        long pixels = (long) batch * height * width;
        int dim = config.baseDim() * config.dimMult().get(0);
        boolean fits = CodecMemory.fits(ops, 4 * pixels * dim, 2 * pixels * dim);
        return fits ? height / config.scaleFactor() : STRIP_ROWS;
    }

    @Override
    public void close() {
        parameters.close();
    }
}
