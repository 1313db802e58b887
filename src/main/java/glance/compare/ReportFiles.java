package glance.compare;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.api.Comparison.Run;
import glance.api.Outcome;
import glance.picture.AdapterNames;
import glance.scene.Scene;
import glance.schedule.PlanJson;
import glance.schedule.Seeds;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A finished comparison as text: Markdown for people, CSV (RFC 4180) with a row for each picture,
 * JSON with everything.
 *
 * @param about free text by key: model, device and the like, for the record
 */
public record ReportFiles(
        ComparisonRequest request, Map<String, String> about, List<Outcome> outcomes) {
    private static final List<String> CSV_HEADER =
            List.of(
                    "run",
                    "prompt_number",
                    "prompt",
                    "seed",
                    "steps",
                    "forward_passes",
                    "seconds",
                    "unseen_pair");

    private List<Summary> summaries() {
        return Summary.of(outcomes, request.asked().against());
    }

    /** The summaries of all runs as a table. */
    public SummaryTable table() {
        return new SummaryTable(summaries(), request.asked().against());
    }

    /** Quality by number of steps, if the runs have several: see {@link StepsChart}. */
    public Optional<BufferedImage> chart() {
        return request.grid() == null ? StepsChart.of(summaries()) : Optional.empty();
    }

    /**
     * The summaries of all runs as a Markdown table, with what was run below: runs, prompts, and
     * the pictures.
     *
     * @param sheet name of the contact sheet, beside the report
     */
    public String markdown(String sheet) {
        SummaryTable table = table();
        StringBuilder text = new StringBuilder("# Comparison\n\n");
        about.forEach(
                (key, value) -> text.append("- ").append(key + ": " + cell(value)).append('\n'));
        if (request.grid() != null) {
            text.append('\n').append(rows(table.grid(request.grid())));
        }
        List<List<String>> rows = new ArrayList<>(List.of(table.header()));
        rows.addAll(table.rows());
        text.append('\n').append(rows(rows));
        text.append("\n").append(table.legend()).append(".\n\n");
        List<List<String>> runs = new ArrayList<>(List.of(List.of("run", "plan", "adapters")));
        request.runs().forEach(r -> runs.add(List.of(r.name(), r.plan().name(), adapters(r))));
        text.append(rows(runs));
        text.append("\nPrompts:\n\n");
        int number = 0;
        for (String prompt : request.prompts()) {
            text.append(++number).append(". ").append(prose(prompt)).append('\n');
        }
        String shown = request.grid() == null ? "prompts down, runs across" : "cells of the grid";
        text.append("\n![contact sheet: " + shown + "](").append(sheet).append(")\n");
        return text.toString();
    }

    /** Rows of a table, the first with the headings. */
    private static String rows(List<List<String>> rows) {
        List<List<String>> all = new ArrayList<>(rows);
        all.add(1, rows.get(0).stream().map(name -> "---").toList());
        return all.stream().map(ReportFiles::line).collect(Collectors.joining());
    }

    private static String line(List<String> cells) {
        return cells.stream()
                .map(ReportFiles::cell)
                .collect(Collectors.joining(" | ", "| ", " |\n"));
    }

    private static String adapters(Run run) {
        String all = run.loras().stream().map(AdapterNames::text).collect(Collectors.joining(", "));
        boolean ofPlan = !run.plan().adapters().isEmpty();
        return all.isEmpty() ? (ofPlan ? "those of the plan" : "none") : all;
    }

    /** Text that Markdown shows as it is. */
    private static String prose(String text) {
        return text.replaceAll("\\s+", " ").replaceAll("[\\\\`*_\\[\\]<>#|]", "\\\\$0");
    }

    private static String cell(String text) {
        return text.replaceAll("\\s+", " ").replace("|", "\\|");
    }

    /** A row for each picture; a value that a picture does not have is empty. */
    public String csv() {
        List<String> header = new ArrayList<>(CSV_HEADER);
        for (Metric metric : Metric.values()) {
            header.add(metric.key());
        }
        StringBuilder text = new StringBuilder(csvLine(header));
        for (Outcome outcome : outcomes) {
            List<String> row =
                    new ArrayList<>(
                            List.of(
                                    outcome.run(),
                                    Integer.toString(outcome.prompt() + 1),
                                    prompt(outcome),
                                    Seeds.text(outcome.seed()),
                                    Integer.toString(outcome.steps()),
                                    Integer.toString(outcome.forwardPasses()),
                                    Double.toString(outcome.seconds()),
                                    unseenPair(outcome)));
            for (Metric metric : Metric.values()) {
                row.add(number(metric, outcome));
            }
            text.append(csvLine(row));
        }
        return text.toString();
    }

    /** Whether the caption has a colour and shape that training never showed together. */
    private String unseenPair(Outcome outcome) {
        Scene scene = request.scenes().get(outcome.prompt());
        return scene == null ? "" : scene.unseenPair() ? "1" : "0";
    }

    private static String number(Metric metric, Outcome outcome) {
        double value = metric.of(outcome);
        if (Double.isNaN(value)) {
            return "";
        }
        if (Double.isInfinite(value)) {
            return "inf";
        }
        // Right or wrong, as 1 or 0.
        return metric.isOfScenes() ? (value > 0 ? "1" : "0") : Double.toString(value);
    }

    private static String csvLine(List<String> cells) {
        return cells.stream()
                .map(
                        cell ->
                                cell.matches("(?s).*[\",\r\n].*")
                                        ? '"' + cell.replace("\"", "\"\"") + '"'
                                        : cell)
                .collect(Collectors.joining(",", "", "\r\n"));
    }

    /** Settings, summaries and every picture. A number that JSON cannot hold is null. */
    public String json() {
        ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
        ObjectNode root = json(mapper);
        try {
            return mapper.writeValueAsString(root) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of plain values must be writable", e);
        }
    }

    private ObjectNode json(ObjectMapper mapper) {
        ObjectNode root = mapper.createObjectNode();
        root.set("about", mapper.valueToTree(about));
        root.put("teacher", request.asked().teacher().name());
        root.put("against", request.asked().against());
        ArrayNode runs = root.putArray("runs");
        Map<String, Summary> summaries =
                summaries().stream().collect(Collectors.toMap(Summary::run, s -> s));
        for (Run run : request.runs()) {
            ObjectNode node = runs.addObject().put("name", run.name());
            node.set("plan", plan(mapper, run));
            ArrayNode adapters = node.putArray("adapters");
            run.loras().forEach(adapter -> adapters.add(AdapterNames.text(adapter)));
            if (summaries.containsKey(run.name())) {
                summarise(node, summaries.get(run.name()));
            }
        }
        if (request.grid() != null) {
            ObjectNode grid = root.putObject("grid");
            grid.set("rows", mapper.valueToTree(request.grid().rows()));
            grid.set("columns", mapper.valueToTree(request.grid().columns()));
            grid.set("runs", mapper.valueToTree(request.grid().names()));
        }
        ArrayNode pictures = root.putArray("pictures");
        for (Outcome outcome : outcomes) {
            ObjectNode picture = pictures.addObject();
            picture.put("run", outcome.run());
            picture.put("prompt", prompt(outcome));
            picture.put("seed", Seeds.number(outcome.seed()));
            picture.put("steps", outcome.steps());
            picture.put("forward_passes", outcome.forwardPasses());
            picture.put("seconds", outcome.seconds());
            for (Metric metric : Metric.values()) {
                double value = metric.of(outcome);
                if (metric.isOfScenes() && !Double.isNaN(value)) {
                    picture.put(metric.key(), value > 0);
                } else {
                    put(picture, metric.key(), value);
                }
            }
        }
        return root;
    }

    private static JsonNode plan(ObjectMapper mapper, Run run) {
        try {
            return mapper.readTree(PlanJson.write(run.plan()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a plan that was written must be readable", e);
        }
    }

    private static void summarise(ObjectNode run, Summary summary) {
        run.put("steps", summary.steps());
        run.put("forward_passes", summary.forwardPasses());
        run.put("pictures", summary.pictures());
        put(run, "median_seconds", summary.medianSeconds());
        summary.values()
                .forEach(
                        (metric, value) -> {
                            ObjectNode node = run.putObject(metric.key());
                            put(node, "mean", value.mean());
                            put(node, "sd_pictures", value.sd());
                            put(node, "sd_seeds", summary.seeds().get(metric).sd());
                        });
        if (summary.paired() != null) {
            run.putObject("paired")
                    .put("won", summary.paired().won())
                    .put("lost", summary.paired().lost())
                    .put("p", summary.paired().p());
        }
    }

    private static void put(ObjectNode node, String key, double value) {
        if (Double.isFinite(value)) {
            node.put(key, value);
        } else {
            node.putNull(key);
        }
    }

    private String prompt(Outcome outcome) {
        return request.prompts().get(outcome.prompt());
    }
}
