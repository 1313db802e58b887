package glance.check;

import glance.io.Weights;
import glance.model.autoencoderkl.AutoencoderKl;
import glance.model.autoencoderkl.AutoencoderKlConfig;
import glance.ops.Ops;
import glance.tensor.Tensor;

/** AutoencoderKL; recorded tensors are [batch, channel, height, width]. */
final class AutoencoderKlCheck {
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
            folder.compare("out.image", ops, channelsFirst(ops, autoencoder.decode(ops, latents)));
        }
    }

    private static Tensor channelsLast(Ops ops, Tensor picture) {
        return ops.pack(picture.permute(0, 2, 3, 1));
    }

    private static Tensor channelsFirst(Ops ops, Tensor picture) {
        return ops.pack(picture.permute(0, 3, 1, 2));
    }
}
