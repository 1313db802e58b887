package glance.compare;

import glance.io.Fingerprint;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.io.TensorCache;
import glance.lora.AdapterPath;
import glance.lora.LoraSpec;
import glance.ops.Ops;
import glance.pipeline.ImageSession;
import glance.pipeline.ImageSession.Denoised;
import glance.pipeline.RunListener;
import glance.pipeline.TextToImage;
import glance.schedule.PlanSpec;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Last latents on disk, under a key of everything that they depend on: model, device, prompt,
 * guidance, size, noise, noise levels and adapters. Names of runs are not among it, so comparisons
 * share what they have in common.
 */
final class RunCache {
    private static final String LATENTS = "latents";
    private static final String SECONDS = "seconds";

    private final ImageSession.Setting setting;
    private final TensorCache cache;
    private final RunListener listener;
    private final String shared;
    private final Map<Contender, String> keys = new HashMap<>();

    /** The run of a contender for one prompt and seed. */
    record Run(int prompt, long seed, Contender contender) {}

    /**
     * @param folder an existing one, or null to keep nothing
     * @param listener hears of the steps that need not be run as if they were
     */
    RunCache(
            Ops ops,
            ModelFolder model,
            ImageSession.Setting setting,
            Path folder,
            RunListener listener) {
        this.setting = setting;
        this.listener = listener;
        cache = folder == null ? null : new TensorCache(folder);
        shared =
                folder == null
                        ? null
                        : Fingerprint.of(
                                Fingerprint.encoders(model.path()),
                                Fingerprint.transformer(model.path()),
                                ops.device().info().id(),
                                ops.computeType().toString(),
                                setting.negative(),
                                setting.width() + "x" + setting.height(),
                                setting.guidance().toString(),
                                Integer.toString(setting.maxPromptTokens()));
    }

    /** What was kept of a run, or else what it makes now. */
    Denoised get(Run run, Supplier<Denoised> maker) {
        if (cache == null) {
            return maker.get();
        }
        String key =
                Fingerprint.of(
                        shared,
                        setting.prompts().get(run.prompt()),
                        Long.toString(run.seed()),
                        keys.computeIfAbsent(run.contender(), RunCache::key));
        Optional<Denoised> kept =
                cache.read(key).map(TensorCache.Kept::tensors).flatMap(RunCache::read);
        if (kept.isPresent()) {
            int steps = run.contender().plan().levels().count();
            for (int step = 1; step <= steps; step++) {
                listener.step(step, steps, null, 0);
            }
            return kept.get();
        }
        Denoised made = maker.get();
        float[] latents = made.latents();
        cache.write(
                key,
                Map.of(
                        LATENTS,
                        HostFloats.tensor(DType.F32, Shape.of(latents.length), latents),
                        SECONDS,
                        HostFloats.tensor(DType.F32, Shape.of(1), (float) made.seconds())),
                Map.of());
        return made;
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

    /** Noise levels and adapters. */
    private static String key(Contender contender) {
        PlanSpec plan = contender.plan();
        List<String> parts = new ArrayList<>();
        parts.add(plan.levels().toString());
        List<LoraSpec> adapters = TextToImage.loras(contender.adapters(), plan);
        for (LoraSpec adapter : adapters) {
            parts.add(plan.phases().toString());
            parts.add(Fingerprint.of(adapter.file()));
            AdapterPath.config(adapter.file()).map(Fingerprint::of).ifPresent(parts::add);
            parts.add(adapter.scale() + "@" + adapter.steps());
        }
        return Fingerprint.of(parts.toArray(String[]::new));
    }
}
