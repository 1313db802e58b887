package glance.tools;

import glance.api.FormatException;
import glance.api.adapter.AdapterInfo;
import glance.io.SafetensorsFile;
import glance.lora.AdapterKeys;
import glance.lora.ModuleKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Describes an adapter file without a model to hold it against. */
public final class AdapterInspector {
    private static final Pattern ADAPTER_KEY =
            Pattern.compile(
                    ".*(lora_|lora\\d?\\.(up|down)\\b|hada_|lokr_|oft_|ia3_l|dora_scale|\\.diff(_b)?$).*");

    private static final Map<String, String> LAYOUTS = layouts();

    private AdapterInspector() {}

    /** Whether a file holds an adapter of any kind, supported or not. */
    public static boolean isAdapter(SafetensorsFile file) {
        return file.tensors().keySet().stream().anyMatch(key -> ADAPTER_KEY.matcher(key).matches());
    }

    /** Describes a file, whether it can be used or not. */
    public static AdapterInfo inspect(SafetensorsFile file) {
        List<FormatException> problems = new ArrayList<>();
        AdapterKeys keys = AdapterKeys.read(file, problems::add);
        Map<String, Integer> kinds = new LinkedHashMap<>();
        Map<Integer, Integer> ranks = new TreeMap<>();
        Map<Float, Integer> alphas = new TreeMap<>();
        Map<String, Integer> targets = new LinkedHashMap<>();
        for (AdapterKeys.Entry entry : keys.entries()) {
            kinds.merge(entry.update(file).kind(), 1, Integer::sum);
            if (entry.rank() > 0) {
                ranks.merge(entry.rank(), 1, Integer::sum);
                alphas.merge(entry.alpha(), 1, Integer::sum);
            }
            targets.merge(ModuleKind.of(entry.module()), 1, Integer::sum);
        }
        return new AdapterInfo(
                layout(file.tensors().keySet()),
                keys.entries().size(),
                kinds,
                ranks,
                alphas,
                targets,
                Summaries.of(file.tensors().values()),
                keys.others(),
                problems.isEmpty() ? null : reason(file, problems.get(0)),
                keys.remarks(),
                file.metadata());
    }

    /** What is wrong, without the name of the file. */
    private static String reason(SafetensorsFile file, FormatException problem) {
        String name = file.path() + ": ";
        String message = problem.getMessage();
        return message.startsWith(name) ? message.substring(name.length()) : message;
    }

    private static String layout(Set<String> keys) {
        Set<String> found = new LinkedHashSet<>();
        for (String key : keys) {
            LAYOUTS.forEach(
                    (mark, name) -> {
                        if (key.contains(mark)) {
                            found.add(name);
                        }
                    });
        }
        return String.join(" and ", found);
    }

    private static Map<String, String> layouts() {
        Map<String, String> layouts = new LinkedHashMap<>();
        layouts.put(".lora_A.", "diffusers / PEFT (lora_A, lora_B)");
        layouts.put(".lora.down.", "diffusers, older names (lora.down, lora.up)");
        layouts.put(".lora_linear_layer.", "diffusers, older names (lora_linear_layer)");
        layouts.put(".processor.", "XLabs or older diffusers (processor)");
        layouts.put(".lora_down.", "kohya / ComfyUI (lora_down, lora_up)");
        layouts.put(".hada_w", "LyCORIS (hada_w1_a, ...)");
        layouts.put(".lokr_w", "LyCORIS (lokr_w1, ...)");
        layouts.put(".diff", "ComfyUI (diff, diff_b)");
        return layouts;
    }
}
