package glance.train;

import glance.io.Fingerprint;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.io.TensorCache;
import glance.model.Family;
import glance.model.LatentCodec;
import glance.model.PromptEncoder;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Texts and pictures as a transformer sees them. Each is computed once: the results are kept on
 * disk, under a key of the model's encoders, the device's type of numbers, and the text or the
 * pixels. The text encoder and the autoencoder are opened only for what is not kept yet, and never
 * at the same time.
 */
public final class Encodings implements AutoCloseable {
    private static final String EMBEDDINGS = "embeddings";
    private static final String LENGTHS = "lengths";
    private static final String POOLED = "pooled";
    private static final String LATENTS = "latents";

    private final Ops ops;
    private final Family family;
    private final ModelFolder folder;
    private final TensorCache cache;
    private final String model;
    private PromptEncoder encoder;
    private LatentCodec codec;
    private int computed;

    /**
     * @param cache an existing folder
     */
    public Encodings(Ops ops, Family family, ModelFolder folder, Path cache) {
        this.ops = ops;
        this.family = family;
        this.folder = folder;
        this.cache = new TensorCache(cache);
        this.model =
                Fingerprint.of(Fingerprint.encoders(folder.path()), ops.computeType().toString());
    }

    /** Results that were not on disk. */
    public int computed() {
        return computed;
    }

    /** Embeddings of some texts, in the innermost scope. */
    public TextBatch text(List<String> texts) {
        List<String> parts = new ArrayList<>(List.of("text", model));
        parts.addAll(texts);
        String key = Fingerprint.of(parts.toArray(String[]::new));
        Map<String, HostTensor> tensors = cache.read(key).orElse(null);
        if (tensors == null || !tensors.containsKey(EMBEDDINGS) || !tensors.containsKey(LENGTHS)) {
            tensors = computeText(texts);
            cache.write(key, tensors);
        }
        return new TextBatch(
                upload(tensors, EMBEDDINGS), upload(tensors, LENGTHS), upload(tensors, POOLED));
    }

    private Map<String, HostTensor> computeText(List<String> texts) {
        closeCodec();
        if (encoder == null) {
            encoder = family.openPromptEncoder(ops, folder);
        }
        computed++;
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        try (Scope scope = ops.scope()) {
            TextBatch batch = encoder.encode(ops, texts);
            tensors.put(EMBEDDINGS, download(batch.embeddings()));
            tensors.put(LENGTHS, download(batch.lengths()));
            if (batch.pooled() != null) {
                tensors.put(POOLED, download(batch.pooled()));
            }
        }
        return tensors;
    }

    /**
     * Latents of a picture whose sides the model takes: [1, tokens, channels], in the innermost
     * scope.
     */
    public Tensor latents(BufferedImage picture) {
        String key = Fingerprint.of("picture", model, pictureKey(picture));
        Map<String, HostTensor> tensors = cache.read(key).orElse(null);
        if (tensors == null || !tensors.containsKey(LATENTS)) {
            tensors = computeLatents(picture);
            cache.write(key, tensors);
        }
        return upload(tensors, LATENTS);
    }

    private Map<String, HostTensor> computeLatents(BufferedImage picture) {
        closeEncoder();
        if (codec == null) {
            codec = family.openCodec(ops, folder);
        }
        computed++;
        try (Scope scope = ops.scope()) {
            Shape shape = Shape.of(1, picture.getHeight(), picture.getWidth(), 3);
            Tensor pixels = ops.host().floats(shape, pixels(picture));
            Tensor latents = codec.encode(ops, ops.cast(pixels, ops.computeType()));
            return Map.of(LATENTS, download(latents));
        }
    }

    /** Size and pixels of a picture, in short. */
    static String pictureKey(BufferedImage picture) {
        int w = picture.getWidth();
        int h = picture.getHeight();
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * w * h);
        bytes.asIntBuffer().put(picture.getRGB(0, 0, w, h, null, 0, w));
        return w + "x" + h + " " + Fingerprint.of(bytes);
    }

    /** {@code level / 127.5 - 1}, row by row: red, green, blue. */
    private static FloatBuffer pixels(BufferedImage picture) {
        int w = picture.getWidth();
        int h = picture.getHeight();
        FloatBuffer values = FloatBuffer.allocate(3 * w * h);
        for (int rgb : picture.getRGB(0, 0, w, h, null, 0, w)) {
            values.put((rgb >> 16 & 0xff) / 127.5f - 1);
            values.put((rgb >> 8 & 0xff) / 127.5f - 1);
            values.put((rgb & 0xff) / 127.5f - 1);
        }
        return values.flip();
    }

    private HostTensor download(Tensor tensor) {
        Tensor packed = ops.contiguous(tensor);
        return new HostTensor(packed.dtype(), packed.shape(), ops.host().bytes(packed));
    }

    /** A tensor on the device, or null if there is none of that name. */
    private Tensor upload(Map<String, HostTensor> tensors, String name) {
        HostTensor host = tensors.get(name);
        if (host == null) {
            return null;
        }
        ByteBuffer data = host.data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
        return ops.host().upload(host.dtype(), host.shape(), data);
    }

    private void closeEncoder() {
        if (encoder != null) {
            encoder.close();
            encoder = null;
        }
    }

    private void closeCodec() {
        if (codec != null) {
            codec.close();
            codec = null;
        }
    }

    /** Releases the text encoder and the autoencoder; results stay. */
    @Override
    public void close() {
        closeEncoder();
        closeCodec();
    }
}
