package glance.tools;

import glance.api.FormatException;
import glance.api.adapter.Extract;
import glance.api.adapter.Output;
import glance.api.adapter.Watch;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.TensorInfo;
import glance.lora.LoraExtract;
import glance.lora.LoraLayout;
import glance.lora.Update;
import glance.tensor.DType;
import glance.text.PrintableText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes adapters of the difference of two checkpoints, in the diffusers layout. */
public final class Extractor {
    private static final int MAX_NAMES = 5;

    private final Extract request;
    private final Watch watch;

    private Extractor(Extract request, Watch watch) {
        this.request = request;
        this.watch = watch;
    }

    /** See {@link glance.LoraTools#extract}. */
    public static List<Extract.Module> extract(Extract request, Output output, Watch watch) {
        DType wanted = Written.dtype(output);
        return new Extractor(request, watch)
                .write(Place.file(output), wanted == null ? DType.F32 : wanted);
    }

    private List<Extract.Module> write(Path out, DType dtype) {
        Map<String, Update> pairs = new LinkedHashMap<>();
        List<Extract.Module> modules = new ArrayList<>();
        try (Checkpoint before = Checkpoint.open(request.base());
                Checkpoint after = Checkpoint.open(request.tuned())) {
            Checkpoint.requirePlain(before.weights());
            Checkpoint.requirePlain(after.weights());
            List<String> changed = changed(before, after);
            Pieces steps = new Pieces(watch, changed.size());
            for (String module : changed) {
                steps.next(module);
                LoraExtract.Result result = extract(before, after, module);
                if (result != null) {
                    pairs.put(module, Update.of(Written.stored(result.pair(), dtype)));
                    modules.add(new Extract.Module(module, result.norm(), result.error()));
                }
            }
        }
        if (pairs.isEmpty()) {
            throw new FormatException(
                    request.tuned(),
                    null,
                    "no linear layer asked for differs from " + request.base(),
                    "check BASE and TUNED");
        }
        Written.write(out, request.tuned(), pairs, Map.of(), LoraLayout.DIFFUSERS, dtype);
        return List.copyOf(modules);
    }

    /** The target modules that differ; says what else differs. */
    private List<String> changed(Checkpoint before, Checkpoint after) {
        Map<String, TensorInfo> tunedTensors = after.weights().tensors();
        List<String> changed = new ArrayList<>();
        List<String> others = new ArrayList<>();
        boolean matched = false;
        for (TensorInfo info : before.weights().tensors().values()) {
            TensorInfo other = tunedTensors.get(info.name());
            boolean linear = Checkpoint.isLinear(info);
            boolean wanted = linear && isTarget(Checkpoint.module(info.name()));
            matched |= wanted;
            if (!wanted && linear) {
                continue;
            }
            if (other == null || !other.shape().equals(info.shape())) {
                if (wanted) {
                    throw new FormatException(
                            request.tuned(),
                            info.name(),
                            other == null ? "is missing" : "is " + other.shape(),
                            "expected " + info.shape() + " as in " + request.base());
                }
                others.add(info.name());
            } else if (!same(before, after, info, other)) {
                if (wanted && Checkpoint.isLinear(other)) {
                    changed.add(Checkpoint.module(info.name()));
                } else {
                    others.add(info.name());
                }
            }
        }
        if (!matched) {
            List<String> targets = request.targets();
            throw new FormatException(
                    request.base(),
                    null,
                    "holds no linear layer"
                            + (targets.isEmpty() ? "" : " named " + String.join(" or ", targets)),
                    "glance-engine info --all lists what it holds");
        }
        if (!others.isEmpty()) {
            watch.warning(
                    "differ, but cannot be in an adapter: "
                            + PrintableText.some(others, MAX_NAMES));
        }
        return changed;
    }

    /** As PEFT matches target_modules given as a list. */
    private boolean isTarget(String module) {
        return request.targets().isEmpty()
                || request.targets().stream()
                        .anyMatch(t -> module.equals(t) || module.endsWith("." + t));
    }

    private static boolean same(
            Checkpoint before, Checkpoint after, TensorInfo info, TensorInfo other) {
        HostTensor one = before.weights().tensor(info.name());
        HostTensor two = after.weights().tensor(info.name());
        if (info.dtype() == other.dtype()) {
            return one.data().equals(two.data());
        }
        return info.dtype().isFloating()
                && other.dtype().isFloating()
                && Arrays.equals(HostFloats.read(one), HostFloats.read(two));
    }

    private LoraExtract.Result extract(Checkpoint before, Checkpoint after, String module) {
        HostTensor base = before.weights().tensor(module + ".weight");
        HostTensor tuned = after.weights().tensor(module + ".weight");
        return Written.named(
                request.tuned(), () -> LoraExtract.of(module, base, tuned, request.rank()));
    }
}
