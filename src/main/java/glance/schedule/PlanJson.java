package glance.schedule;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.api.BlockFactors;
import glance.api.FormatException;
import glance.api.Plan;
import glance.api.Plan.Adapter;
import glance.api.Plan.FixedSigmas;
import glance.api.Plan.GridSteps;
import glance.api.Plan.Levels;
import glance.api.Plan.Phase;
import glance.api.Plans;
import glance.api.RequestException;
import glance.io.Config;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Plans as JSON. Steps of the model's grid, counting from 1, with all optional keys:
 *
 * <pre>{@code
 * {
 *   "name": "mine",                                  // else that of the file
 *   "of": 50,                                        // the grid
 *   "keep": [1, 3, 5, 7, 9, 11, 21, 31, 41, 50],     // else all of it
 *   "phases": {"slow": [1, 5], "fast": [6, 10]},     // first and last step of the plan
 *   "adapters": {                                    // files beside the plan's
 *     "slow": ["slow.safetensors:0.9"],              // FILE[:STRENGTH][@STEPS]
 *     "fast": [{"lora": "fast.safetensors", "blocks": {"0-9": 0.5, "10-18": 1.2}}]
 *   }
 * }
 * }</pre>
 *
 * or noise levels as they are, without the final 0, in place of {@code of} and {@code keep}:
 *
 * <pre>{@code
 * {"sigmas": [1.0, 0.9, 0.7, 0.4]}
 * }</pre>
 *
 * Either may say what its adapters were trained for: {@code "guidance"}, {@code
 * "embedded_guidance"} and {@code "strength"}, which count where the user says nothing.
 *
 * <p>Comments are for this page only. Unknown keys are refused, so that a misspelt one is not lost.
 */
public final class PlanJson {
    private static final String GUIDANCE = "guidance";
    private static final String EMBEDDED = "embedded_guidance";
    private static final String STRENGTH = "strength";
    private static final Set<String> KEYS =
            Set.of(
                    "name",
                    "of",
                    "keep",
                    "sigmas",
                    "phases",
                    "adapters",
                    GUIDANCE,
                    EMBEDDED,
                    STRENGTH);
    private static final String DEFAULT_NAME = "plan";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private static final String LORA = "lora";
    private static final String BLOCKS = "blocks";
    private static final Pattern RANGE = Pattern.compile("(\\d{1,6})(?:-(\\d{1,6}))?");

    private PlanJson() {}

    /**
     * Reads a file.
     *
     * @throws FormatException naming file and key, if it is missing or holds no valid plan
     */
    public static Plan read(Path file) {
        String stem = file.getFileName().toString().replaceFirst("\\.json$", "");
        return read(Config.read(file), Plan.isName(stem) ? stem : DEFAULT_NAME);
    }

    /**
     * The plan with a name ({@link Plans#named}), or else in a file.
     *
     * @throws RequestException if it is neither
     * @throws FormatException if the file holds no valid plan
     */
    public static Plan find(String nameOrFile) {
        Optional<Plan> named = Plans.named(nameOrFile);
        if (named.isPresent()) {
            return named.get();
        }
        if (nameOrFile.isEmpty() || !Files.exists(Path.of(nameOrFile))) {
            throw new RequestException(
                    "plan '"
                            + nameOrFile
                            + "': is neither a file nor one of "
                            + String.join(", ", Plans.names()));
        }
        return read(Path.of(nameOrFile));
    }

    /**
     * Reads text that {@link #write} made.
     *
     * @throws FormatException naming the key, if it is no valid plan
     */
    public static Plan parse(String json) {
        return read(Config.parse(null, null, json), DEFAULT_NAME);
    }

    /** The plan as one line of JSON, from which {@link #parse} makes an equal one. */
    public static String write(Plan plan) {
        ObjectNode root = MAPPER.createObjectNode().put("name", plan.name());
        if (plan.levels() instanceof GridSteps grid) {
            ArrayNode keep = root.put("of", grid.of()).putArray("keep");
            grid.keep().forEach(keep::add);
        } else if (plan.levels() instanceof FixedSigmas fixed) {
            ArrayNode sigmas = root.putArray("sigmas");
            fixed.values().forEach(sigmas::add);
        }
        if (!plan.phases().isEmpty()) {
            ObjectNode phases = root.putObject("phases");
            plan.phases()
                    .forEach(
                            phase ->
                                    phases.putArray(phase.name())
                                            .add(phase.first())
                                            .add(phase.last()));
        }
        if (!plan.adapters().isEmpty()) {
            ObjectNode adapters = root.putObject("adapters");
            plan.adapters()
                    .forEach(
                            (phase, list) -> {
                                ArrayNode array = adapters.putArray(phase);
                                list.forEach(adapter -> write(adapter, array));
                            });
        }
        put(root, GUIDANCE, plan.advice().guidance());
        put(root, EMBEDDED, plan.advice().embeddedGuidance());
        put(root, STRENGTH, plan.advice().strength());
        try {
            return MAPPER.writeValueAsString(root);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of plain values must be writable", e);
        }
    }

    private static Plan read(Config config, String defaultName) {
        for (String key : config.keys()) {
            if (!KEYS.contains(key)) {
                throw config.refuse(key, "is not a key of a plan", "known keys: " + known());
            }
        }
        try {
            return new Plan(
                    config.string("name", defaultName),
                    levels(config),
                    phases(config),
                    adapters(config),
                    new Plan.Advice(
                            number(config, GUIDANCE),
                            number(config, EMBEDDED),
                            number(config, STRENGTH)));
        } catch (RequestException e) {
            throw new FormatException(config.file(), null, e.getMessage(), null, e);
        }
    }

    private static Float number(Config config, String key) {
        return config.has(key) ? (Float) (float) config.number(key) : null;
    }

    private static void put(ObjectNode root, String key, Float value) {
        if (value != null) {
            root.put(key, value);
        }
    }

    private static Levels levels(Config config) {
        if (config.has("sigmas")) {
            for (String other : List.of("of", "keep")) {
                if (config.has(other)) {
                    throw config.refuse(other, "cannot stand beside sigmas", "remove one of them");
                }
            }
            return new FixedSigmas(
                    config.numbers("sigmas").stream().map(Double::floatValue).toList());
        }
        if (!config.has("of")) {
            throw config.refuse(
                    "of", "is missing", "give of (and keep), or sigmas, as the noise levels");
        }
        int of = config.integer("of");
        return config.has("keep") ? new GridSteps(of, config.integers("keep")) : GridSteps.all(of);
    }

    private static List<Phase> phases(Config config) {
        List<Phase> phases = new ArrayList<>();
        if (config.has("phases")) {
            Config object = config.object("phases");
            for (String name : object.keys()) {
                List<Integer> range = object.integers(name);
                if (range.size() != 2) {
                    throw object.refuse(
                            name,
                            "must be [first, last], got " + range.size() + " values",
                            "give the first and the last step of the plan");
                }
                phases.add(new Phase(name, range.get(0), range.get(1)));
            }
        }
        return phases;
    }

    private static void write(Adapter adapter, ArrayNode array) {
        if (adapter.blocks().equals(BlockFactors.ONE)) {
            array.add(adapter.text());
            return;
        }
        ObjectNode blocks = array.addObject().put(LORA, adapter.text()).putObject(BLOCKS);
        adapter.blocks().ranges().forEach(r -> blocks.put(r.first() + "-" + r.last(), r.factor()));
    }

    private static Map<String, List<Adapter>> adapters(Config config) {
        Map<String, List<Adapter>> adapters = new LinkedHashMap<>();
        if (config.has("adapters")) {
            Config object = config.object("adapters");
            for (String phase : object.keys()) {
                adapters.put(
                        phase,
                        object.texts(
                                phase,
                                text -> new Adapter(beside(config.file(), text), BlockFactors.ONE),
                                PlanJson::adapter));
            }
        }
        return adapters;
    }

    private static Adapter adapter(Config object) {
        for (String key : object.keys()) {
            if (!key.equals(LORA) && !key.equals(BLOCKS)) {
                throw object.refuse(
                        key, "is not a key of an adapter", "known keys: " + BLOCKS + ", " + LORA);
            }
        }
        return new Adapter(
                beside(object.file(), object.string(LORA)),
                object.has(BLOCKS) ? blocks(object.object(BLOCKS)) : BlockFactors.ONE);
    }

    private static BlockFactors blocks(Config config) {
        List<BlockFactors.Range> ranges = new ArrayList<>();
        for (String key : config.keys()) {
            Matcher range = RANGE.matcher(key);
            if (!range.matches()) {
                throw config.refuse(key, "must be FIRST-LAST, counting from 0", "write 0-9");
            }
            int first = Integer.parseInt(range.group(1));
            int last = range.group(2) == null ? first : Integer.parseInt(range.group(2));
            ranges.add(new BlockFactors.Range(first, last, (float) config.number(key)));
        }
        return new BlockFactors(ranges);
    }

    /** Text and not a path: the strength behind a colon is no path everywhere. */
    private static String beside(Path plan, String adapter) {
        boolean anchored = plan == null || new File(adapter).isAbsolute();
        return anchored ? adapter : plan.toAbsolutePath().getParent() + File.separator + adapter;
    }

    private static String known() {
        return KEYS.stream().sorted().reduce((a, b) -> a + ", " + b).orElseThrow();
    }
}
