package glance.spark;

import com.fasterxml.jackson.databind.JsonNode;
import glance.Listener;
import glance.Model;
import glance.Picture;
import glance.Progress;
import glance.api.FormatException;
import glance.api.Plan;
import glance.api.Plans;
import glance.api.Request;
import glance.api.RequestException;
import glance.schedule.PlanJson;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * A table of prompts, whose columns are called as the fields of a request to the engine's server.
 */
final class Prompts implements Craft<Prompts.Wanted> {
    private static final Set<String> KNOWN =
            Set.of(
                    "id",
                    "prompt",
                    "negative_prompt",
                    "seed",
                    "size",
                    "guidance",
                    "embedded_guidance",
                    "max_prompt_tokens",
                    "plan",
                    "lora");

    private final String model;
    private final String defaults;
    private final Adapters adapters;

    /**
     * A picture.
     *
     * @param names of its adapters, as the row has them
     */
    record Wanted(Request request, String hash, String file, List<String> names) implements Piece {
        @Override
        public Map<String, Object> columns() {
            Map<String, Object> columns = new HashMap<>();
            columns.put("prompt", request.prompts().get(0));
            columns.put("seed", unsigned(request.seed().orElseThrow()));
            request.negative().ifPresent(text -> columns.put("negative_prompt", text));
            request.size().ifPresent(size -> size(columns, size));
            request.guidance().ifPresent(scale -> columns.put("guidance", scale));
            request.embeddedGuidance().ifPresent(scale -> columns.put("embedded_guidance", scale));
            request.plan().ifPresent(plan -> columns.put("plan", PlanJson.write(plan)));
            if (names != null) {
                columns.put("adapters", names);
            }
            return columns;
        }
    }

    /**
     * Not in the command, since picocli looks at every method of a command, which must load without
     * Hadoop and Spark.
     */
    static Maker<Wanted> maker(String model, String defaults, String loraDir) {
        return conf -> {
            String folder = loraDir == null ? null : Storage.qualified(loraDir, conf);
            return new Prompts(model, defaults, new Adapters(folder, conf));
        };
    }

    /**
     * @param model its name, which decides how pictures look
     * @param defaults a row as JSON, for columns that a row lacks
     */
    Prompts(String model, String defaults, Adapters adapters) {
        this.model = model;
        this.defaults = defaults;
        this.adapters = adapters;
    }

    @Override
    public Set<String> known() {
        return KNOWN;
    }

    @Override
    public String noun(long count) {
        return count == 1 ? "picture" : "pictures";
    }

    @Override
    public String verb() {
        return "drawn";
    }

    @Override
    public StructType columns() {
        return new StructType()
                .add("prompt", DataTypes.StringType)
                .add("negative_prompt", DataTypes.StringType)
                .add("seed", DataTypes.createDecimalType(20, 0))
                .add("width", DataTypes.IntegerType)
                .add("height", DataTypes.IntegerType)
                .add("guidance", DataTypes.FloatType)
                .add("embedded_guidance", DataTypes.FloatType)
                .add("plan", DataTypes.StringType)
                .add("adapters", DataTypes.createArrayType(DataTypes.StringType))
                .add("engine", DataTypes.StringType);
    }

    @Override
    public Wanted read(Columns own) {
        Columns row = own.or(defaults);
        Request request = Request.of(row.required("prompt", "say what to draw"));
        String negative = row.text("negative_prompt");
        request = negative == null ? request : request.negative(negative);
        String size = row.text("size");
        request = size == null ? request : request.size(Request.Size.parse(size));
        Float guidance = row.number("guidance");
        request = guidance == null ? request : request.guidance(guidance);
        Float embedded = row.number("embedded_guidance");
        request = embedded == null ? request : request.embeddedGuidance(embedded);
        Integer tokens = row.count("max_prompt_tokens");
        request = tokens == null ? request : request.maxPromptTokens(tokens);
        JsonNode plan = row.structured("plan");
        request = plan == null ? request : request.plan(plan(plan));
        JsonNode lora = row.structured("lora");
        List<Adapters.Named> named = lora == null ? null : adapters.read(lora);
        if (named != null) {
            request = request.loras(named.stream().map(Adapters.Named::lora).toList());
        }
        String content = content(request, named);
        Long seed = row.seed("seed");
        // A seed of 32 bits, which every tool can take.
        request =
                request.seed(
                        seed == null ? Names.place(Names.hash(content)) >>> Integer.SIZE : seed);
        String hash = Names.hash(content + "\nseed " + unsigned(request.seed().orElseThrow()));
        String file = "pictures/" + Names.of(own.text("id"), hash) + ".png";
        List<String> names =
                named == null ? null : named.stream().map(Adapters.Named::name).toList();
        return new Wanted(request, hash, file, names);
    }

    static Plan plan(JsonNode plan) {
        if (!plan.isObject()) {
            return Plans.of(plan.asText().strip());
        }
        if (plan.has("adapters")) {
            throw new RequestException("plan: name its adapters in lora, with their steps");
        }
        try {
            return PlanJson.parse(plan.toString());
        } catch (RequestException e) {
            throw e;
        } catch (FormatException | IllegalArgumentException e) {
            throw new RequestException("plan: " + e.getMessage(), e);
        }
    }

    /** Everything that decides how the picture looks but its seed, in one writing. */
    private String content(Request request, List<Adapters.Named> named) {
        return String.join(
                "\n",
                "model " + quoted(model),
                "prompt " + quoted(request.prompts().get(0)),
                "negative " + request.negative().map(Prompts::quoted).orElse("-"),
                "size " + request.size().map(Object::toString).orElse("-"),
                "guidance " + request.guidance().map(Object::toString).orElse("-"),
                "embedded " + request.embeddedGuidance().map(Object::toString).orElse("-"),
                "tokens " + request.maxPromptTokens().map(Object::toString).orElse("-"),
                "plan " + request.plan().map(PlanJson::write).orElse("-"),
                "lora "
                        + (named == null
                                ? "-"
                                : named.stream()
                                        .map(Adapters.Named::text)
                                        .collect(Collectors.joining(" "))));
    }

    private static String quoted(String text) {
        return Columns.MAPPER.getNodeFactory().textNode(text).toString();
    }

    private static BigDecimal unsigned(long seed) {
        return new BigDecimal(Long.toUnsignedString(seed));
    }

    private static void size(Map<String, Object> columns, Request.Size size) {
        columns.put("width", size.width());
        columns.put("height", size.height());
    }

    @Override
    public double make(
            List<Wanted> pieces,
            Model model,
            Storage storage,
            String attempt,
            BooleanSupplier isCancelled)
            throws IOException {
        Clock clock = new Clock(isCancelled);
        Picture picture = model.draw(pieces.get(0).request(), clock).get(0);
        byte[] png = picture.png();
        double seconds = clock.seconds();
        for (Wanted piece : pieces) {
            storage.put(piece.file(), png, attempt);
        }
        return seconds;
    }

    /** Measures from when the model began: before, others may have had it. */
    private static final class Clock implements Listener {
        private final BooleanSupplier isCancelled;
        private volatile long start;

        Clock(BooleanSupplier isCancelled) {
            this.isCancelled = isCancelled;
        }

        @Override
        public void stage(String name) {
            start();
        }

        @Override
        public void progress(Progress progress) {
            start();
        }

        private void start() {
            if (start == 0) {
                start = System.nanoTime();
            }
        }

        @Override
        public boolean isCancelled() {
            return isCancelled.getAsBoolean();
        }

        double seconds() {
            return (System.nanoTime() - start) / 1e9;
        }
    }

    @Override
    public Made look(Wanted piece, Storage storage) throws IOException {
        byte[] png = storage.read(piece.file());
        try {
            Map<String, Object> columns = columns(PngSettings.of(png));
            columns.putAll(piece.columns());
            return new Made(columns, png.length, Names.sha256(png));
        } catch (IOException | RuntimeException e) {
            throw new FormatException(
                    null,
                    storage.path(piece.file()),
                    "is no picture of this engine (" + e + ")",
                    "delete it, and it is drawn");
        }
    }

    private static Map<String, Object> columns(Map<String, String> settings) {
        Map<String, Object> columns = new HashMap<>();
        columns.put("negative_prompt", settings.get("negative_prompt"));
        columns.put("guidance", Float.valueOf(settings.get("guidance")));
        columns.put("embedded_guidance", Float.valueOf(settings.get("embedded_guidance")));
        columns.put("plan", settings.get("plan"));
        size(columns, Request.Size.parse(settings.get("size")));
        columns.put("engine", settings.get("Software"));
        columns.put("adapters", settings.get("adapters").lines().toList());
        return columns;
    }
}
