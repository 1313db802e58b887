package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import glance.api.FormatException;
import glance.api.Lora;
import glance.api.Plan;
import glance.api.Plans;
import glance.api.Request;
import glance.api.Residency;
import glance.api.Steps;
import glance.io.BuiltInModel;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.model.LatentCodec;
import glance.model.Latents;
import glance.model.PromptEncoder;
import glance.model.ReferenceRules;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.op.Activation;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.pipeline.Families;
import glance.pipeline.Guidance;
import glance.pipeline.Pipeline;
import glance.pipeline.ReferencePicture;
import glance.pipeline.RunListener;
import glance.pipeline.Settings;
import glance.pipeline.StartNoise;
import glance.schedule.PlanJson;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The whole way from prompt to picture. A run is recorded as out.RUN.sigmas, out.RUN.latents.STEP
 * and out.RUN.image. Its plan and guidance are in {@code runs} of case.json, in a folder that is
 * itself the model; or its name tells them: {@code uniform-N}, {@code full}, or else the kept steps
 * of case.json, with the experts if the name ends so, at the wide size if it ends so. Models that
 * edit look at {@code reference} or {@code references}, of which a run may take the first few;
 * without a size the picture has that of the references.
 */
final class PipelineCheck {
    private static final String DISTILLED = "is_distilled";

    private static final String REFERENCE = "reference";
    private static final String REFERENCES = "references";

    /** Keys of the case that are also keys of the model's index. */
    private static final List<String> AREAS = List.of("condition_area", "reference_area");

    /** What runs with a reference picture end with. */
    private static final String EDIT = "edit";

    private static final Pattern SEED = Pattern.compile("seed (\\d+)");

    private final CaseFolder folder;
    private final Ops ops;
    private final ModelFolder model;
    private final Pipeline pipeline;

    private PipelineCheck(CaseFolder folder, Ops ops) {
        this.folder = folder;
        this.ops = ops;
        this.model = ModelFolder.open(modelPath(folder)).with(areas(folder));
        this.pipeline = new Pipeline(ops, model, Residency.STREAM);
    }

    /** Areas at which small models look at pictures. */
    private static Map<String, Object> areas(CaseFolder folder) {
        Map<String, Object> areas = new LinkedHashMap<>();
        for (String key : AREAS) {
            if (folder.json().has(key)) {
                areas.put(key, folder.json().get(key).asInt());
            }
        }
        return areas;
    }

    static void run(CaseFolder folder, Ops ops) {
        PipelineCheck check = new PipelineCheck(folder, ops);
        if (folder.has("out.prompt_embeds")) {
            check.prompts();
        }
        if (folder.has("out.text_hidden_states")) {
            check.text();
        }
        if (folder.has("out.noise")) {
            check.noise();
        }
        Set<String> runs = new TreeSet<>();
        for (String name : folder.names()) {
            if (name.startsWith("out.") && name.endsWith(".sigmas")) {
                runs.add(name.substring(4, name.length() - 7));
            }
        }
        runs.forEach(check::sample);
        check.pipeline.close();
    }

    /**
     * The folder itself, or the model named by the case: relative to the folder or one above it, or
     * the built-in one.
     */
    private static Path modelPath(CaseFolder folder) {
        if (ModelFolder.isModel(folder.path())) {
            return folder.path();
        }
        String name = folder.required("model").asText();
        for (Path at = folder.path().toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isDirectory(at.resolve(name))) {
                return at.resolve(name);
            }
        }
        if (name.endsWith(BuiltInModel.NAME)) {
            return BuiltInModel.path();
        }
        throw new FormatException(
                folder.path().resolve("case.json"),
                "model",
                "no folder " + name + " here or above",
                "run the check inside the folder that holds it");
    }

    private void prompts() {
        Family family = pipeline.family();
        try (Scope scope = ops.scope();
                PromptEncoder encoder = family.openPromptEncoder(ops, model)) {
            String prompt = folder.required("prompt").asText();
            String negative = folder.required("negative_prompt").asText();
            if (folder.has("out.input_ids")) {
                int[] want = folder.integerRows("out.input_ids").get(0);
                int[] got = encoder.tokenIds(prompt);
                int differences = Math.abs(got.length - want.length);
                for (int i = 0; i < Math.min(got.length, want.length); i++) {
                    differences += got[i] == want[i] ? 0 : 1;
                }
                folder.add("out.input_ids", differences, 0);
            }
            TextBatch alone = encoder.encode(ops, List.of(prompt));
            folder.compare("out.prompt_embeds", ops, alone.embeddings());
            TextBatch empty = encoder.encode(ops, List.of(negative));
            folder.compare("out.negative_embeds", ops, empty.embeddings());
        }
    }

    /** The prompt's hidden states [tokens, layers, width], where padding may lie between them. */
    private void text() {
        FloatBuffer want =
                Masks.inFront(
                        folder.floats("out.text_hidden_states"),
                        folder.integerRows("out.text_mask"));
        int limit = folder.required("max_sequence_length").asInt();
        try (Scope scope = ops.scope();
                PromptEncoder encoder = pipeline.family().openPromptEncoder(ops, model, limit)) {
            TextBatch text = encoder.encode(ops, List.of(folder.required("prompt").asText()));
            folder.compare(
                    "out.text_hidden_states",
                    ops.host().floats(text.embeddings()),
                    want,
                    folder.tolerance());
        }
    }

    private void noise() {
        try (Scope scope = ops.scope()) {
            int[] size = size("size");
            Tensor noise =
                    StartNoise.packed(
                            ops,
                            folder.required("seed").asLong(),
                            1,
                            pipeline.geometry(),
                            pipeline.geometry().grid(size[0], size[1]));
            folder.compare("out.noise", ops, noise);
        }
    }

    /** Runs that are called base are of the model as if it were not distilled. */
    private void sample(String run) {
        if (!run.startsWith("base") || !model.index().has(DISTILLED)) {
            sample(run, pipeline);
            return;
        }
        try (Pipeline base =
                new Pipeline(ops, model.with(Map.of(DISTILLED, false)), Residency.STREAM)) {
            sample(run, base);
        }
    }

    private void sample(String run, Pipeline drawn) {
        JsonNode own = entry(run);
        List<ReferencePicture> references = references(run, own);
        int[] size = size(run, references);
        Settings request =
                new Settings(
                        List.of(folder.required("prompt").asText()),
                        folder.json().path("negative_prompt").asText(""),
                        seed(run, own),
                        1,
                        size[0],
                        size[1],
                        guidance(own),
                        own.isObject() ? Plans.uniform(recordedSteps(run)) : plan(run),
                        run.endsWith("experts") ? experts() : List.of(),
                        0,
                        references,
                        CaseStart.of(folder, own));
        float[] sigmas = drawn.plan(request).sigmas();
        String prefix = "out." + run + ".";
        folder.compare(
                prefix + "sigmas",
                FloatBuffer.wrap(sigmas),
                folder.floats(prefix + "sigmas"),
                folder.tolerance());
        drawn.run(
                request,
                new RunListener() {
                    @Override
                    public void latents(int step, Tensor latents) {
                        String name = prefix + "latents." + step;
                        TokenGrid grid = pipeline.geometry().grid(size[0], size[1]);
                        if (folder.has(name)) {
                            compareLatents(name, latents, grid);
                        }
                        if (step == request.steps()) {
                            image(prefix + "image", latents, grid);
                        }
                    }
                });
    }

    /** What case.json says of a run; {@code base-edit} is {@code base} with a reference picture. */
    private JsonNode entry(String run) {
        JsonNode runs = folder.json().path("runs");
        boolean edits = run.endsWith("-" + EDIT) && !runs.has(run);
        return runs.path(edits ? run.substring(0, run.lastIndexOf('-')) : run);
    }

    /** That of a run or of all; where {@code runs} tells of edits in words, theirs is in these. */
    private long seed(String run, JsonNode own) {
        JsonNode edits = folder.json().path("runs").path(EDIT);
        Matcher words = SEED.matcher(run.endsWith(EDIT) ? edits.asText() : "");
        if (words.find()) {
            return Long.parseLong(words.group(1));
        }
        return (own.has("seed") ? own.get("seed") : folder.required("seed")).asLong();
    }

    private int recordedSteps(String run) {
        return folder.floats("out." + run + ".sigmas").remaining() - 1;
    }

    /** All that the case has, or as many as the run says; one is for runs that edit. */
    private List<ReferencePicture> references(String run, JsonNode own) {
        List<String> names = new ArrayList<>();
        folder.json().path(REFERENCES).forEach(name -> names.add(name.asText()));
        boolean edits =
                run.endsWith(EDIT)
                        || pipeline.family()
                                .references(model)
                                .filter(ReferenceRules::describes)
                                .isPresent();
        if (names.isEmpty() && edits) {
            names.add(folder.required(REFERENCE).asText());
        }
        return names.stream()
                .limit(own.path(REFERENCES).asInt(names.size()))
                .map(name -> ReferencePicture.read(folder.path().resolve(name)))
                .toList();
    }

    private int[] size(String run, List<ReferencePicture> references) {
        String key = run.endsWith("wide") ? "wide_size" : "size";
        if (folder.json().has(key) || references.isEmpty()) {
            return size(key);
        }
        Request.Size size = Settings.usualSize(references, model);
        return new int[] {size.width(), size.height()};
    }

    /** Recorded as packed tokens or, [channels, height, width], as pixels. */
    private void compareLatents(String name, Tensor latents, TokenGrid grid) {
        int patch = pipeline.geometry().patch();
        boolean packed = folder.rank(name) != 3 || folder.json().path("runs").isMissingNode();
        try (Scope scope = ops.scope()) {
            Tensor pixels =
                    packed
                            ? latents
                            : ops.pack(
                                    Latents.unpack(ops, latents, patch, grid).permute(0, 3, 1, 2));
            folder.compare(name, ops, pixels);
        }
    }

    /** Decodes the last latents. */
    private void image(String name, Tensor latents, TokenGrid grid) {
        try (Scope scope = ops.scope();
                LatentCodec codec = pipeline.family().openCodec(ops, model)) {
            picture(folder, ops, name, codec.decode(ops, latents, grid));
        }
    }

    /**
     * Compares a picture, which is recorded as [3, height, width] in 0..1.
     *
     * @param decoded [1, height, width, 3]
     */
    static void picture(CaseFolder folder, Ops ops, String name, Tensor decoded) {
        Tensor half = ops.host().floats(Shape.of(1), 0.5f);
        Tensor cut = ops.activation(Activation.HARD_TANH, decoded);
        Tensor unit = ops.add(ops.mul(cut, half), half);
        folder.compare(name, ops, ops.pack(unit.permute(0, 3, 1, 2)));
    }

    /** That of a run, or else of all. */
    private Guidance guidance(JsonNode run) {
        Family.Defaults defaults = Families.defaults(model);
        JsonNode number = run.has("guidance") ? run.get("guidance") : folder.required("guidance");
        return new Guidance(
                number.isNumber() ? (float) number.asDouble() : defaults.form().off(),
                defaults.form(),
                defaults.rescale(),
                (float) run.path("cfg_normalization").asDouble(),
                defaults.embeddedGuidance());
    }

    private int[] size(String key) {
        JsonNode size = folder.required(key);
        return new int[] {size.get(0).asInt(), size.get(1).asInt()};
    }

    private Plan plan(String run) {
        if (run.equals("full") || run.startsWith("uniform-")) {
            return PlanJson.find(run);
        }
        int of = folder.required("of").asInt();
        List<Integer> kept = new ArrayList<>();
        folder.required("kept_steps").forEach(step -> kept.add(step.asInt()));
        return new Plan(run, new Plan.GridSteps(of, kept), List.of());
    }

    private List<Lora> experts() {
        JsonNode experts = folder.required("experts");
        int last = experts.path("switch_after").asInt();
        int steps = folder.required("kept_steps").size();
        return List.of(
                Lora.of(folder.path().resolve(experts.path("slow").asText()))
                        .on(Steps.range(1, last)),
                Lora.of(folder.path().resolve(experts.path("fast").asText()))
                        .on(Steps.range(last + 1, steps)));
    }
}
