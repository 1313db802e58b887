package glance.model.autoencoderkl;

import glance.io.Weights;
import glance.model.CodecMemory;
import glance.model.CodecShapes;
import glance.nn.Conv2d;
import glance.nn.GroupNorm;
import glance.nn.Parameters;
import glance.op.Op;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The autoencoder with a KL-regularised latent space of latent diffusion (Rombach et al., arXiv
 * 2112.10752), channels last. Equals AutoencoderKL and AutoencoderKLFlux2 of diffusers.
 */
public final class AutoencoderKl implements AutoCloseable {
    /** Of every GroupNorm. */
    static final float EPS = 1e-6f;

    private static final String RUNNING_MEAN = "bn.running_mean";
    private static final String RUNNING_VARIANCE = "bn.running_var";

    /** Rows of latents in a strip: enough that the rows which two strips share cost little. */
    private static final int STRIP_ROWS = 8;

    private final AutoencoderKlConfig config;
    private final Parameters parameters;
    private final Normalisation normalisation;
    private final List<Layer> encoder = new ArrayList<>();
    private final List<Layer> decoder = new ArrayList<>();

    /**
     * Loads the autoencoder; {@code weights} must stay open as long as it is used.
     *
     * @param weights in the names of diffusers or of latent diffusion
     */
    public AutoencoderKl(Ops ops, AutoencoderKlConfig config, Weights weights) {
        this.config = config;
        parameters = new Parameters(ops, LatentDiffusionNames.TABLE.view(weights), "AutoencoderKL");
        int z = config.latentChannels();
        addEncoder(parameters.in("encoder"));
        if (config.quantConv()) {
            encoder.add(Resampling.pointwise(parameters, "quant_conv", 2 * z));
        }
        if (config.postQuantConv()) {
            decoder.add(Resampling.pointwise(parameters, "post_quant_conv", z));
        }
        addDecoder(parameters.in("decoder"));
        if (config.batchNorm()) {
            int patch = AutoencoderKlConfig.NORM_PATCH;
            parameters.weight(RUNNING_MEAN, z * patch * patch);
            parameters.weight(RUNNING_VARIANCE, z * patch * patch);
            parameters.ignore(name -> name.equals("bn.num_batches_tracked"));
        }
        parameters.finish();
        normalisation =
                config.batchNorm()
                        ? Normalisation.of(
                                parameters.stored(RUNNING_MEAN),
                                parameters.stored(RUNNING_VARIANCE),
                                config.batchNormEps())
                        : Normalisation.of(config.shiftFactor(), config.scalingFactor());
    }

    private void addEncoder(Parameters p) {
        List<Integer> channels = config.blockOutChannels();
        int dim = channels.get(0);
        encoder.add(Resampling.convolution(p, "conv_in", config.imageChannels(), dim));
        for (int level = 0; level < channels.size(); level++) {
            Parameters block = p.in("down_blocks").in(level);
            for (int i = 0; i < config.layersPerBlock(); i++) {
                encoder.add(residual(block.in("resnets").in(i), dim, channels.get(level)));
                dim = channels.get(level);
            }
            if (level < channels.size() - 1) {
                encoder.add(Resampling.down(block.in("downsamplers").in(0), dim));
            }
        }
        encoder.add(new MidBlock(p.in("mid_block"), dim, config));
        encoder.add(head(p, dim, 2 * config.latentChannels()));
    }

    private void addDecoder(Parameters p) {
        List<Integer> channels = config.decoderChannels();
        int levels = channels.size();
        int dim = channels.get(levels - 1);
        decoder.add(Resampling.convolution(p, "conv_in", config.latentChannels(), dim));
        decoder.add(new MidBlock(p.in("mid_block"), dim, config));
        for (int level = 0; level < levels; level++) {
            Parameters block = p.in("up_blocks").in(level);
            int out = channels.get(levels - 1 - level);
            for (int i = 0; i <= config.layersPerBlock(); i++) {
                decoder.add(residual(block.in("resnets").in(i), dim, out));
                dim = out;
            }
            if (level < levels - 1) {
                decoder.add(Resampling.up(block.in("upsamplers").in(0), dim));
            }
        }
        decoder.add(head(p, dim, config.imageChannels()));
    }

    private ResidualBlock residual(Parameters p, int in, int out) {
        return new ResidualBlock(p, in, out, config.normGroups());
    }

    private Layer head(Parameters p, int in, int out) {
        GroupNorm norm = p.groupNorm("conv_norm_out", in, config.normGroups(), EPS);
        Conv2d conv = p.conv2d("conv_out", in, out, 3, 1, Op.Padding.all(1));
        return (ops, x) -> {
            Tensor statistics = norm.statistics(ops, x.parts());
            return x.map(
                    ops, 1, 1, s -> ResidualBlock.convolve(ops, s, norm, statistics, conv, null));
        };
    }

    /** How its latents are brought to about unit variance. */
    Normalisation normalisation() {
        return normalisation;
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
        return encode(ops, image, stripRows(ops, image.dim(0), image.dim(1), image.dim(2)));
    }

    /** The same in strips of {@code latentRows} rows of latents. */
    Tensor encode(Ops ops, Tensor image, int latentRows) {
        return run(ops, encoder, image, latentRows * config.scaleFactor());
    }

    /**
     * The picture of latents. Works in strips where the whole asks for too much memory; the result
     * is the same.
     *
     * @param latents [batch, height, width, latentChannels], neither scaled nor shifted
     * @return [batch, factor * height, factor * width, 3], about in [-1, 1]
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
        return run(ops, decoder, latents, latentRows);
    }

    /**
     * Rows of latents in a strip. The widest place is the first residual block of full size: its
     * input, that normed, the shortcut and the inner result.
     */
    private int stripRows(Ops ops, int batch, int height, int width) {
        long pixels = (long) batch * height * width;
        int out = widest(0);
        int in = widest(Math.min(1, config.blockOutChannels().size() - 1));
        boolean fits = CodecMemory.fits(ops, 2 * pixels * (in + out), pixels * Math.max(in, out));
        return fits ? height / config.scaleFactor() : STRIP_ROWS;
    }

    private int widest(int level) {
        return Math.max(config.blockOutChannels().get(level), config.decoderChannels().get(level));
    }

    private Tensor run(Ops ops, List<Layer> layers, Tensor input, int stripRows) {
        try (Scope scope = ops.scope()) {
            Strips x = Strips.cut(ops, input, stripRows);
            for (Layer layer : layers) {
                x = layer.forward(ops, x);
            }
            return scope.keep(x.join(ops));
        }
    }

    @Override
    public void close() {
        parameters.close();
    }
}
