package glance.compare;

import glance.api.AdapterSide;
import glance.api.Comparison;
import glance.api.Comparison.Run;
import glance.api.DeviceInfo;
import glance.api.Init;
import glance.api.Lora;
import glance.api.LoraGrid;
import glance.api.Plan;
import glance.api.Request;
import glance.api.RequestException;
import glance.io.Config;
import glance.io.ModelFolder;
import glance.lora.AdapterPath;
import glance.pipeline.ReferencePicture;
import glance.pipeline.Settings;
import glance.pipeline.StartPicture;
import glance.scene.Scene;
import glance.schedule.Seeds;
import glance.text.EngineVersion;
import java.awt.image.BufferedImage;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * A {@link Comparison} of one model, without gaps.
 *
 * @param asked as it was asked for
 * @param runs the teacher, then the others; each adapter is one file
 * @param settings of each run; they differ in plan, adapters, and the guidance that a plan advises
 * @param scenes what the picture of each prompt must show, or null for any; as many as prompts
 * @param grid where the runs have their cells; null for a comparison without a grid
 */
public record ComparisonRequest(
        Comparison asked,
        List<Run> runs,
        List<Settings> settings,
        List<Scene> scenes,
        GridLayout grid) {

    /**
     * @throws RequestException if there is nothing to compare, two runs share a name, or none has
     *     the name against
     */
    public ComparisonRequest {
        if (runs.size() < 2) {
            throw new RequestException("there is no run to compare with the teacher");
        }
        Set<String> names = new LinkedHashSet<>();
        for (Run run : runs) {
            if (!names.add(run.name())) {
                throw new RequestException(
                        "two runs have the name " + run.name() + "; give each its own");
            }
        }
        if (!names.contains(asked.against())) {
            throw new RequestException(
                    "against "
                            + asked.against()
                            + ": no run has this name; runs: "
                            + String.join(", ", names));
        }
    }

    /**
     * Fills the gaps.
     *
     * @throws RequestException if it makes no sense
     * @throws glance.api.FormatException if a scene, an adapter or a file of the model is damaged
     */
    public static ComparisonRequest of(Comparison asked, ModelFolder folder) {
        Request shared = asked.request();
        if (shared.batch() < 1) {
            throw new RequestException(
                    "batch " + shared.batch() + ": there must be a seed or more for each prompt");
        }
        GridLayout grid = asked.grid().map(cells -> grid(cells, asked, folder)).orElse(null);
        if (grid == null && (shared.plan().isPresent() || shared.loras().isPresent())) {
            throw new RequestException(
                    "the plans and adapters of a comparison belong to its runs; leave them out of"
                            + " the request");
        }
        List<Run> runs = new ArrayList<>();
        runs.add(asked.teacher());
        for (Run run : grid == null ? asked.runs() : grid.runs()) {
            runs.add(new Run(run.name(), run.plan(), AdapterPath.expand(run.loras())));
        }
        Request single = shared.batch(1);
        Settings teacher = Settings.of(single.plan(runs.get(0).plan()).loras(List.of()), folder);
        Request seeded = single.seed(teacher.seed());
        List<Settings> settings =
                runs.stream()
                        .map(run -> seeded.plan(run.plan()).loras(run.loras()))
                        .map(request -> Settings.of(request, folder))
                        .toList();
        return new ComparisonRequest(asked, List.copyOf(runs), settings, scenes(asked), grid);
    }

    private static GridLayout grid(LoraGrid cells, Comparison asked, ModelFolder folder) {
        Request shared = asked.request();
        int prompts = shared.prompts().size();
        if (prompts != 1 || shared.batch() != 1) {
            throw new RequestException(
                    "a grid shows one prompt and one seed, got "
                            + (prompts == 1 ? shared.batch() + " seeds" : prompts + " prompts"));
        }
        if (!asked.runs().isEmpty()) {
            throw new RequestException("a grid has its own runs; compare others without it");
        }
        List<Lora> base = shared.loras().orElse(List.of());
        List<Lora> all = new ArrayList<>(base);
        cells.axes().forEach(axis -> all.add(axis.lora()));
        Plan plan = Settings.of(shared.loras(all), folder).plan();
        return GridLayout.of(cells, plan, base);
    }

    private static List<Scene> scenes(Comparison asked) {
        List<Scene> scenes = new ArrayList<>();
        int prompts = asked.request().prompts().size();
        List<String> given = asked.scenes();
        if (!given.isEmpty() && given.size() != prompts) {
            throw new RequestException(
                    "there must be a scene or null for each of "
                            + prompts
                            + " prompts, got "
                            + given.size());
        }
        for (int i = 0; i < prompts; i++) {
            String text = given.isEmpty() ? null : given.get(i);
            scenes.add(
                    text == null ? null : Scene.read(Config.parse(null, "scene " + (i + 1), text)));
        }
        return scenes;
    }

    /** The prompts. */
    public List<String> prompts() {
        return setting().prompts();
    }

    /** The seeds of each prompt, counting up. */
    public List<Long> seeds() {
        int count = asked.request().batch();
        return LongStream.range(0, count).mapToObj(i -> setting().seed() + i).toList();
    }

    /** Those of the teacher; prompts, first seed and size are those of all runs. */
    public Settings setting() {
        return settings.get(0);
    }

    /** Pictures in all. */
    public int totalPictures() {
        return runs.size() * prompts().size() * seeds().size();
    }

    /** Denoising steps in all. */
    public int totalSteps() {
        int each = settings.stream().mapToInt(Settings::steps).sum();
        return each * prompts().size() * seeds().size();
    }

    private static void put(StartPicture start, Map<String, String> about) {
        about.put("start", start.picture() + ", strength " + start.strength());
        if (start.mask() != null) {
            about.put("mask", start.mask().toString());
        }
        Init.Margins margins = start.extension();
        if (!margins.equals(Init.Margins.NONE)) {
            about.put(
                    "extended",
                    "left %d, top %d, right %d, bottom %d pixels"
                            .formatted(
                                    margins.left(),
                                    margins.top(),
                                    margins.right(),
                                    margins.bottom()));
        }
    }

    /** What all runs see beside the prompts, by what it is called: references, start, mask. */
    Map<String, BufferedImage> pictures() {
        Map<String, BufferedImage> pictures = new LinkedHashMap<>();
        List<ReferencePicture> seen = setting().references();
        for (int i = 0; i < seen.size(); i++) {
            String name = seen.size() == 1 ? "reference" : "reference " + (i + 1);
            pictures.put(name, seen.get(i).picture());
        }
        setting()
                .start()
                .ifPresent(
                        start -> {
                            pictures.put("start", start.picture().image());
                            if (start.mask() != null) {
                                pictures.put("mask", start.mask().image());
                            }
                        });
        return pictures;
    }

    /** What all runs have in common, for the head of the report. */
    public Map<String, String> about(String model, DeviceInfo device) {
        List<Long> seeds = seeds();
        Map<String, String> about = new LinkedHashMap<>();
        about.put("engine", EngineVersion.software());
        about.put("date", OffsetDateTime.now().truncatedTo(ChronoUnit.SECONDS).toString());
        about.put("model", model);
        about.put("device", device.id() + " (" + device.description() + ")");
        about.put("size", setting().size());
        about.put("guidance", Float.toString(setting().guidance().number()));
        if (setting().guidance().limit() > 0) {
            about.put("guidance limit", Float.toString(setting().guidance().limit()));
        }
        if (setting().guidance().adaptersOn() == AdapterSide.POSITIVE) {
            about.put("adapters on", "the positive side");
        }
        if (setting().guidance().embedded() != 0) {
            about.put("embedded guidance", Float.toString(setting().guidance().embedded()));
        }
        about.put("negative prompt", "'" + setting().negative() + "'");
        if (setting().maxPromptTokens() != 0) {
            about.put("max prompt tokens", Integer.toString(setting().maxPromptTokens()));
        }
        if (!setting().references().isEmpty()) {
            about.put(
                    "references",
                    setting().references().stream()
                            .map(seen -> seen.file() + " (" + seen.hash() + ")")
                            .collect(Collectors.joining(", ")));
        }
        setting().start().ifPresent(start -> put(start, about));
        about.put("prompts", Integer.toString(prompts().size()));
        about.put(
                "seeds",
                Seeds.text(seeds.get(0))
                        + (seeds.size() == 1
                                ? ""
                                : " to " + Seeds.text(seeds.get(seeds.size() - 1))));
        about.putAll(asked.about());
        return about;
    }
}
