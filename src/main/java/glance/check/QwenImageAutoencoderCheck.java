package glance.check;

import glance.io.Weights;
import glance.model.autoencoderqwen.AutoencoderConfig;
import glance.model.autoencoderqwen.QwenImageAutoencoder;
import glance.ops.Ops;
import glance.tensor.Tensor;

/** AutoencoderKLQwenImage on one frame; recorded tensors are [batch, channel, 1, height, width]. */
final class QwenImageAutoencoderCheck {
    private QwenImageAutoencoderCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        AutoencoderConfig config = AutoencoderConfig.of(folder.config());
        try (Weights weights = Weights.open(folder.weights(folder.path()));
                QwenImageAutoencoder autoencoder = new QwenImageAutoencoder(ops, config, weights)) {
            Tensor moments =
                    autoencoder.encode(ops, channelsLast(ops, folder.tensor(ops, "in.image")));
            int z = config.latentChannels();
            folder.compare("out.mean", ops, channelsFirst(ops, moments.narrow(3, 0, z)));
            folder.compare("out.logvar", ops, channelsFirst(ops, moments.narrow(3, z, z)));
            Tensor latents = channelsLast(ops, folder.tensor(ops, "in.latents"));
            folder.compare("out.image", ops, channelsFirst(ops, autoencoder.decode(ops, latents)));
        }
    }

    private static Tensor channelsLast(Ops ops, Tensor frames) {
        Tensor frame = frames.reshape(frames.dim(0), frames.dim(1), frames.dim(3), frames.dim(4));
        return ops.pack(frame.permute(0, 2, 3, 1));
    }

    private static Tensor channelsFirst(Ops ops, Tensor frame) {
        return ops.pack(frame.permute(0, 3, 1, 2));
    }
}
