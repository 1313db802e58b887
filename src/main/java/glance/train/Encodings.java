package glance.train;

import glance.io.Fingerprint;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.io.TensorCache;
import glance.model.Family;
import glance.model.LatentCodec;
import glance.model.PromptEncoder;
import glance.model.ReferenceRules;
import glance.model.text.PromptCut;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.pipeline.ModelKey;
import glance.pipeline.Pictures;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

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
    private static final String CUTS = "cuts.";

    private final Ops ops;
    private final Family family;
    private final ModelFolder folder;
    private final TensorCache cache;
    private final String model;
    private final int maxTokens;
    private final Consumer<String> warning;
    private final Set<String> warned = new HashSet<>();
    private PromptEncoder encoder;
    private LatentCodec codec;
    private int computed;

    /**
     * @param maxTokens tokens of a text that are read; 0 for the model's own number
     * @param cache an existing folder
     * @param warning told once of each text whose end the model does not see
     */
    public Encodings(
            Ops ops,
            Family family,
            ModelFolder folder,
            int maxTokens,
            Path cache,
            Consumer<String> warning) {
        this.ops = ops;
        this.family = family;
        this.folder = folder;
        this.maxTokens = family.promptTokens(folder).of(maxTokens);
        this.warning = warning;
        this.cache = new TensorCache(cache);
        this.model = Fingerprint.of(ModelKey.encoders(folder), ops.computeType().toString());
    }

    /** Results that were not on disk. */
    public int computed() {
        return computed;
    }

    /**
     * Embeddings of some texts, in the innermost scope.
     *
     * @param texts by what they are to the user, such as "caption of a.png"; order counts
     */
    public TextBatch text(Map<String, String> texts) {
        return text(texts, List.of());
    }

    /**
     * The same for texts about pictures.
     *
     * @param references that all texts are about, upright and on white, at any size
     */
    public TextBatch text(Map<String, String> texts, List<BufferedImage> references) {
        List<BufferedImage> shown =
                family.references(folder)
                        .filter(ReferenceRules::describes)
                        .map(rules -> references.stream().map(rules::described).toList())
                        .orElse(List.of());
        String kind = shown.isEmpty() ? "text" : "text about " + shown.size();
        List<String> parts = new ArrayList<>(List.of(kind, model, Integer.toString(maxTokens)));
        shown.forEach(picture -> parts.add(pictureKey(picture)));
        parts.addAll(texts.values());
        String key = Fingerprint.of(parts.toArray(String[]::new));
        TensorCache.Kept kept = cache.read(key).orElse(null);
        if (kept == null) {
            kept = computeText(List.copyOf(texts.values()), shown);
            cache.write(key, kept.tensors(), kept.notes());
        }
        warn(texts, kept.notes());
        Map<String, HostTensor> tensors = kept.tensors();
        return new TextBatch(
                upload(tensors, EMBEDDINGS), upload(tensors, LENGTHS), upload(tensors, POOLED));
    }

    private void warn(Map<String, String> texts, Map<String, String> notes) {
        int i = 0;
        for (Map.Entry<String, String> text : texts.entrySet()) {
            String cuts = notes.getOrDefault(CUTS + i++, "");
            if (!cuts.isEmpty() && warned.add(text.getValue())) {
                cuts.lines().forEach(cut -> warning.accept(text.getKey() + ": " + cut));
            }
        }
    }

    private TensorCache.Kept computeText(List<String> texts, List<BufferedImage> shown) {
        closeCodec();
        if (encoder == null) {
            encoder = family.openPromptEncoder(ops, folder, maxTokens);
        }
        computed++;
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        try (Scope scope = ops.scope()) {
            TextBatch batch = encoder.encode(ops, texts, shown);
            tensors.put(EMBEDDINGS, download(batch.embeddings()));
            tensors.put(LENGTHS, download(batch.lengths()));
            if (batch.pooled() != null) {
                tensors.put(POOLED, download(batch.pooled()));
            }
        }
        Map<String, String> notes = new LinkedHashMap<>();
        for (int i = 0; i < texts.size(); i++) {
            notes.put(
                    CUTS + i,
                    encoder.cuts(texts.get(i)).stream()
                            .map(PromptCut::toString)
                            .collect(Collectors.joining("\n")));
        }
        return new TensorCache.Kept(tensors, notes);
    }

    /**
     * Latents of a picture whose sides the model takes: [1, tokens, channels], in the innermost
     * scope.
     */
    public Tensor latents(BufferedImage picture) {
        String key = Fingerprint.of("picture", model, pictureKey(picture));
        Map<String, HostTensor> tensors =
                cache.read(key).map(TensorCache.Kept::tensors).orElse(null);
        if (tensors == null) {
            tensors = computeLatents(picture);
            cache.write(key, tensors, Map.of());
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
            Tensor latents = codec.encode(ops, Pictures.tensor(ops, picture));
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
