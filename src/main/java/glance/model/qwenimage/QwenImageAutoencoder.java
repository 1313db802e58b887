package glance.model.qwenimage;

import glance.backend.Activation;
import glance.backend.Op;
import glance.io.Weights;
import glance.nn.Conv2d;
import glance.nn.Parameters;
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
    private final Parameters parameters;
    private final List<Layer> encoder = new ArrayList<>();
    private final List<Layer> decoder = new ArrayList<>();

    /** Loads the autoencoder; {@code weights} must stay open as long as it is used. */
    public QwenImageAutoencoder(Ops ops, AutoencoderConfig config, Weights weights) {
        parameters = new Parameters(ops, weights, "AutoencoderKLQwenImage");
        encoder(config, parameters.in("encoder"));
        int z = config.latentChannels();
        Conv2d quant = parameters.causalConv3d("quant_conv", 2 * z, 2 * z, 1);
        encoder.add(quant::forward);
        Conv2d postQuant = parameters.causalConv3d("post_quant_conv", z, z, 1);
        decoder.add(postQuant::forward);
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
        encoder.add(new MidBlock(p.in("mid_block"), dim));
        head(encoder, p, dim, 2 * config.latentChannels());
    }

    private void decoder(AutoencoderConfig config, Parameters p) {
        int levels = config.dimMult().size();
        int dim = config.baseDim() * config.dimMult().get(levels - 1);
        Conv2d convIn = p.causalConv3d("conv_in", config.latentChannels(), dim, 3);
        decoder.add(convIn::forward);
        decoder.add(new MidBlock(p.in("mid_block"), dim));
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
     * The posterior of a picture.
     *
     * @param image [batch, height, width, 3] in [-1, 1]; sides divisible by the scale factor
     * @return [batch, height / factor, width / factor, 2 * latentChannels]: mean, then log-variance
     */
    public Tensor encode(Ops ops, Tensor image) {
        return run(ops, encoder, image);
    }

    /**
     * The picture of latents.
     *
     * @param latents [batch, height, width, latentChannels], not normalised
     * @return [batch, factor * height, factor * width, 3] in [-1, 1]
     */
    public Tensor decode(Ops ops, Tensor latents) {
        return run(ops, decoder, latents);
    }

    private static Tensor run(Ops ops, List<Layer> layers, Tensor input) {
        Tensor x = input;
        for (Layer layer : layers) {
            Tensor y;
            try (Scope scope = ops.scope()) {
                y = scope.keep(layer.forward(ops, x));
            }
            if (x != input) {
                ops.free(x);
            }
            x = y;
        }
        return x;
    }

    @Override
    public void close() {
        parameters.close();
    }
}
