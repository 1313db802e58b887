package glance.pipeline;

import glance.lora.BaseWeights;
import glance.lora.Expert;
import glance.lora.ExpertSet;
import glance.lora.RunExperts;
import glance.lora.StepExperts;
import glance.model.PromptEncoder;
import glance.model.ReferenceRules;
import glance.model.text.PromptCut;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Encoded prompts. The last ones are kept on the device, so that a prompt that comes again does not
 * need the text encoders.
 */
final class Texts implements AutoCloseable {
    /**
     * What is kept: of Qwen-Image a prompt has 3.7 MB with its negative one, of Krea 2 up to 63.
     */
    private static final long MOST_BYTES = 256L << 20;

    private final Ops ops;
    private final Parts parts;
    private final Map<Key, Encoded> known = new LinkedHashMap<>(16, 0.75f, true);

    /** What a batch of texts depends on. */
    private record Key(
            List<String> batch, List<String> shown, int tokens, List<OfEncoders> experts) {}

    /**
     * Pictures that the text encoders look at.
     *
     * @param pictures as they get them
     * @param hashes of their files
     */
    record Shown(List<BufferedImage> pictures, List<String> hashes) {
        /** None, as with models that draw from prompts alone. */
        static final Shown NONE = new Shown(List.of(), List.of());

        /** References as the text encoders get them. */
        static Shown of(List<ReferencePicture> references, ReferenceRules rules) {
            return rules.describes()
                    ? new Shown(
                            references.stream().map(one -> one.described(rules)).toList(),
                            references.stream().map(ReferencePicture::hash).toList())
                    : NONE;
        }
    }

    /**
     * An expert's part for text encoders. A prompt is encoded once for all steps.
     *
     * @param expert that has such a part
     * @param strength of its first step
     */
    record OfEncoders(Expert expert, float strength) {
        @Override
        public boolean equals(Object other) {
            return other instanceof OfEncoders o
                    && o.expert.file() == expert.file()
                    && o.strength == strength;
        }

        @Override
        public int hashCode() {
            return Objects.hash(System.identityHashCode(expert.file()), strength);
        }
    }

    /**
     * A batch on the device.
     *
     * @param cuts what the encoders do not see of its texts
     */
    record Encoded(TextBatch texts, Map<String, List<PromptCut>> cuts) {
        private Stream<Tensor> tensors() {
            return Stream.of(texts.embeddings(), texts.lengths(), texts.pooled())
                    .filter(Objects::nonNull);
        }

        private long bytes() {
            return tensors().mapToLong(tensor -> tensor.dtype().bytes(tensor.numel())).sum();
        }

        /** Keeps it alive until a {@link #release} more. */
        void retain() {
            tensors().forEach(tensor -> tensor.storage().retain());
        }

        void release() {
            tensors().forEach(tensor -> tensor.storage().release());
        }
    }

    Texts(Ops ops, Parts parts) {
        this.ops = ops;
        this.parts = parts;
    }

    /**
     * Encodes batches of texts.
     *
     * @param shown pictures that all of them are about
     * @param tokens of a text that are read
     * @return in the same order; the caller releases each
     */
    List<Encoded> of(
            List<List<String>> batches,
            Shown shown,
            int tokens,
            List<OfEncoders> experts,
            RunListener listener) {
        List<Encoded> result = new ArrayList<>();
        try (Encoding encoding = new Encoding(tokens, experts, listener)) {
            for (List<String> batch : batches) {
                Key key = new Key(batch, shown.hashes(), tokens, experts);
                Encoded encoded = known.get(key);
                if (encoded == null) {
                    encoded = encoding.encode(batch, shown);
                    known.put(key, encoded);
                }
                encoded.retain();
                result.add(encoded);
            }
        } catch (RuntimeException | Error e) {
            result.forEach(Encoded::release);
            throw e;
        }
        forgetOldest();
        return result;
    }

    private void forgetOldest() {
        long bytes = known.values().stream().mapToLong(Encoded::bytes).sum();
        Iterator<Encoded> oldest = known.values().iterator();
        while (bytes > MOST_BYTES) {
            Encoded one = oldest.next();
            bytes -= one.bytes();
            one.release();
            oldest.remove();
        }
    }

    /** The text encoders at work, from the first text on that is not known. */
    private final class Encoding implements AutoCloseable {
        private final int tokens;
        private final List<OfEncoders> experts;
        private final RunListener listener;
        private PromptEncoder encoder;
        private ExpertSet set;
        private RunExperts strengths;

        Encoding(int tokens, List<OfEncoders> experts, RunListener listener) {
            this.tokens = tokens;
            this.experts = experts;
            this.listener = listener;
        }

        Encoded encode(List<String> batch, Shown shown) {
            open();
            StepExperts active = strengths.of(1);
            active.use(ops);
            TextBatch texts;
            try (Scope scope = ops.scope()) {
                texts =
                        ops.under(
                                active.adapter(),
                                () -> encoder.encode(ops, batch, shown.pictures()));
                Map<String, List<PromptCut>> cuts = new HashMap<>();
                batch.forEach(text -> cuts.computeIfAbsent(text, encoder::cuts));
                Encoded encoded = new Encoded(texts, cuts);
                encoded.retain();
                return encoded;
            }
        }

        private void open() {
            if (encoder == null) {
                encoder = parts.encoder(tokens, listener);
                set =
                        new ExpertSet(
                                ops,
                                encoder.linears()::containsKey,
                                module -> -1,
                                BaseWeights.of(encoder.linears()));
                strengths =
                        set.perStep(
                                1,
                                experts.stream()
                                        .map(e -> e.expert().inOneStep(e.strength()))
                                        .toList());
            }
        }

        @Override
        public void close() {
            if (set != null) {
                set.close();
            }
            if (strengths != null) {
                strengths.close();
            }
            parts.leaveEncoder();
        }
    }

    /** Forgets all. */
    @Override
    public void close() {
        known.values().forEach(Encoded::release);
        known.clear();
    }
}
