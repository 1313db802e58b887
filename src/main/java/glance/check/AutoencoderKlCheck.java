package glance.check;

import glance.io.Weights;
import glance.model.autoencoderkl.AutoencoderKl;
import glance.model.autoencoderkl.AutoencoderKlCodec;
import glance.model.autoencoderkl.AutoencoderKlConfig;
import glance.ops.Ops;
import glance.tensor.Tensor;

/** AutoencoderKL and AutoencoderKLFlux2; recorded tensors are [batch, channel, height, width]. */
final class AutoencoderKlCheck {
    private static final int PATCH = 2;

    private AutoencoderKlCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        AutoencoderKlConfig config = AutoencoderKlConfig.of(folder.config());
        try (Weights weights = Weights.open(folder.weights(folder.path()));
                AutoencoderKl autoencoder = new AutoencoderKl(ops, config, weights)) {
            Tensor moments =
                    autoencoder.encode(ops, channelsLast(ops, folder.tensor(ops, "in.image")));
            int z = config.latentChannels();
            folder.compare("out.mean", ops, channelsFirst(ops, moments.narrow(3, 0, z)));
            folder.compare("out.logvar", ops, channelsFirst(ops, moments.narrow(3, z, z)));
            Tensor latents = channelsLast(ops, folder.tensor(ops, "in.latents"));
            String picture = folder.has("out.image") ? "out.image" : "out.decoded";
            folder.compare(picture, ops, channelsFirst(ops, autoencoder.decode(ops, latents)));
        }
        if (folder.has("out.normalised")) {
            normalised(folder, ops, config);
        }
    }

    /** What the transformer sees: [batch, channels of a token, rows, columns]. */
    private static void normalised(CaseFolder folder, Ops ops, AutoencoderKlConfig config) {
        try (AutoencoderKlCodec codec =
                new AutoencoderKlCodec(
                        ops, config, Weights.open(folder.weights(folder.path())), PATCH)) {
            Tensor image = channelsLast(ops, folder.tensor(ops, "in.image"));
            Tensor tokens = codec.encode(ops, image);
            int side = config.scaleFactor() * PATCH;
            Tensor grid =
                    tokens.reshape(
                            tokens.dim(0), image.dim(1) / side, image.dim(2) / side, tokens.dim(2));
            folder.compare("out.normalised", ops, channelsFirst(ops, grid));
        }
    }

    private static Tensor channelsLast(Ops ops, Tensor picture) {
        return ops.pack(picture.permute(0, 2, 3, 1));
    }

    private static Tensor channelsFirst(Ops ops, Tensor picture) {
        return ops.pack(picture.permute(0, 3, 1, 2));
    }
}
