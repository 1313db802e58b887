package glance.compare;

import glance.api.Lora;
import glance.api.Plan;
import glance.io.Fingerprint;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.io.TensorCache;
import glance.lora.AdapterPath;
import glance.pipeline.Drawing.Denoised;
import glance.pipeline.ModelKey;
import glance.pipeline.Pipeline;
import glance.pipeline.RunListener;
import glance.pipeline.Settings;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Last latents on disk, under a key of everything that they depend on: model, device, prompt,
 * guidance, size, noise, noise levels and adapters. Names of runs are not among it, so comparisons
 * share what they have in common.
 */
final class RunCache {
    private static final String LATENTS = "latents";
    private static final String SECONDS = "seconds";

    private final Settings setting;
    private final TensorCache cache;
    private final RunListener listener;
    private final String shared;
    private final Map<Settings, String> keys = new HashMap<>();

    /** A run for one prompt and seed. */
    record Key(int prompt, long seed, Settings run) {}

    /**
     * @param folder an existing one, or null to keep nothing
     * @param listener hears of the steps that need not be run as if they were
     */
    RunCache(
            Pipeline pipeline,
            ModelFolder model,
            Settings setting,
            Path folder,
            RunListener listener) {
        this.setting = setting;
        this.listener = listener;
        cache = folder == null ? null : new TensorCache(folder);
        shared =
                folder == null
                        ? null
                        : Fingerprint.of(
                                ModelKey.whole(model),
                                pipeline.device().info().id(),
                                pipeline.device().computeType().toString(),
                                setting.negative(),
                                setting.size(),
                                Integer.toString(setting.maxPromptTokens()));
    }

    /** What was kept of a run, if anything was. */
    Optional<Denoised> find(Key asked) {
        Optional<Denoised> kept =
                cache == null
                        ? Optional.empty()
                        : cache.read(fingerprint(asked))
                                .map(TensorCache.Kept::tensors)
                                .flatMap(RunCache::read);
        kept.ifPresent(found -> skip(asked));
        return kept;
    }

    /** Tells the listener of the steps of a run that need not be run. */
    void skip(Key asked) {
        int steps = asked.run().steps();
        for (int step = 1; step <= steps; step++) {
            listener.step(step, steps, null, 0);
        }
    }

    private String fingerprint(Key asked) {
        return Fingerprint.of(
                shared,
                setting.prompts().get(asked.prompt()),
                Long.toString(asked.seed()),
                keys.computeIfAbsent(asked.run(), RunCache::key));
    }

    /** Keeps what a run has made. */
    void keep(Key asked, Denoised made) {
        if (cache == null) {
            return;
        }
        float[] latents = made.latents();
        cache.write(
                fingerprint(asked),
                Map.of(
                        LATENTS,
                        HostFloats.tensor(DType.F32, Shape.of(latents.length), latents),
                        SECONDS,
                        HostFloats.tensor(DType.F32, Shape.of(1), (float) made.seconds())),
                Map.of());
    }

    private static Optional<Denoised> read(Map<String, HostTensor> tensors) {
        if (!tensors.containsKey(LATENTS) || !tensors.containsKey(SECONDS)) {
            return Optional.empty();
        }
        return Optional.of(
                new Denoised(
                        HostFloats.read(tensors.get(LATENTS)),
                        HostFloats.read(tensors.get(SECONDS))[0]));
    }

    /** Guidance, noise levels, references and adapters. */
    private static String key(Settings run) {
        Plan plan = run.plan();
        List<String> parts = new ArrayList<>();
        parts.add(run.guidance().toString());
        parts.add(plan.levels().toString());
        parts.addAll(run.pictureKeys());
        for (Lora lora : Pipeline.loras(run.loras(), plan)) {
            parts.add(plan.phases().toString());
            parts.add(Fingerprint.of(lora.path()));
            AdapterPath.config(lora.path()).map(Fingerprint::of).ifPresent(parts::add);
            parts.add(lora.options() + " " + lora.blocks());
        }
        return Fingerprint.of(parts.toArray(String[]::new));
    }
}
