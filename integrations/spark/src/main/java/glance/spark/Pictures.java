package glance.spark;

import com.fasterxml.jackson.databind.JsonNode;
import glance.Model;
import glance.TrainingListener;
import glance.TrainingProgress;
import glance.api.FormatException;
import glance.api.Plan;
import glance.api.Request;
import glance.api.RequestException;
import glance.api.Trained;
import glance.api.Training;
import glance.schedule.PlanJson;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/** A table of pictures and captions, for each of which adapters are trained. */
final class Pictures implements Craft<Pictures.Wanted> {
    private static final Set<String> KNOWN =
            Set.of(
                    "id",
                    "picture",
                    "caption",
                    "plan",
                    "phases",
                    "steps",
                    "rank",
                    "size",
                    "seed",
                    "learning_rate");

    /** Written last: where it is, all adapters are. */
    private static final String LAST = "training.json";

    private final String model;
    private final String defaults;
    private final String base;
    private final SerializableConfiguration conf;

    /**
     * The adapters of a picture.
     *
     * @param source its path
     * @param training for a picture of this name; the content is fetched when it is needed
     */
    record Wanted(String source, Training training, String hash, String folder) implements Piece {
        @Override
        public String file() {
            return folder + "/" + LAST;
        }

        @Override
        public Map<String, Object> columns() {
            Map<String, Object> columns = new HashMap<>();
            columns.put("picture", source);
            columns.put("caption", training.caption().orElseThrow());
            columns.put("plan", PlanJson.write(training.plan()));
            columns.put("steps", training.steps().orElse(null));
            columns.put("rank", training.rank().orElse(null));
            columns.put("seed", new BigDecimal(Long.toUnsignedString(training.seed())));
            return columns;
        }
    }

    /** As {@link Prompts#maker}. */
    static Maker<Wanted> maker(String model, String defaults, String table) {
        return conf -> new Pictures(model, defaults, Storage.qualified(table, conf), conf);
    }

    /**
     * @param model its name, which decides what is trained
     * @param defaults a row as JSON, for columns that a row lacks
     * @param table its path: pictures may be named from the folder that it is in
     */
    Pictures(String model, String defaults, String table, Configuration conf) {
        this.model = model;
        this.defaults = defaults;
        this.base = table;
        this.conf = new SerializableConfiguration(conf);
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
        return "learned";
    }

    @Override
    public StructType columns() {
        return new StructType()
                .add("picture", DataTypes.StringType)
                .add("caption", DataTypes.StringType)
                .add("adapters", DataTypes.createArrayType(DataTypes.StringType))
                .add("plan", DataTypes.StringType)
                .add("steps", DataTypes.IntegerType)
                .add("rank", DataTypes.IntegerType)
                .add("seed", DataTypes.createDecimalType(20, 0));
    }

    @Override
    public Wanted read(Columns own) {
        Columns row = own.or(defaults);
        String source = row.required("picture", "give the path of one");
        String caption = row.required("caption", "say what the picture shows");
        byte[] content = content(source);
        Training training = training(row, Training.of(Path.of("picture"), caption));
        String hash =
                Names.hash(
                        String.join(
                                "\n",
                                "model " + model,
                                "picture " + Names.sha256(content),
                                "caption " + caption,
                                "plan " + PlanJson.write(training.plan()),
                                "phases " + training.phases(),
                                "steps " + training.steps(),
                                "rank " + training.rank(),
                                "size " + training.size(),
                                "rate " + training.learningRate(),
                                "seed " + Long.toUnsignedString(training.seed())));
        return new Wanted(source, training, hash, "adapters/" + Names.of(own.text("id"), hash));
    }

    private static Training training(Columns row, Training training) {
        JsonNode plan = row.structured("plan");
        Plan steps = plan == null ? training.plan() : Prompts.plan(plan);
        training = training.plan(steps);
        String phases = row.text("phases");
        training = phases == null ? training : training.phases(phases.strip().split("\\s*,\\s*"));
        Integer count = row.count("steps");
        training = count == null ? training : training.steps(count);
        Integer rank = row.count("rank");
        training = rank == null ? training : training.rank(rank);
        String size = row.text("size");
        training = size == null ? training : training.size(Request.Size.parse(size));
        Float rate = row.number("learning_rate");
        training = rate == null ? training : training.learningRate(rate);
        Long seed = row.seed("seed");
        return seed == null ? training : training.seed(seed);
    }

    private byte[] content(String source) {
        var path = new org.apache.hadoop.fs.Path(base).getParent();
        try {
            path =
                    path == null
                            ? new org.apache.hadoop.fs.Path(source)
                            : new org.apache.hadoop.fs.Path(path, source);
            FileSystem files = Storage.plain(path.getFileSystem(conf.value()));
            try (var in = files.open(path)) {
                return in.readAllBytes();
            }
        } catch (FileNotFoundException | IllegalArgumentException e) {
            throw new RequestException("picture: there is no file " + path, e);
        } catch (IOException e) {
            throw Failures.ofFile("picture: " + path, e);
        }
    }

    @Override
    public double make(
            List<Wanted> pieces,
            Model model,
            Storage storage,
            String attempt,
            BooleanSupplier isCancelled)
            throws IOException {
        Wanted first = pieces.get(0);
        Path scratch = Scratch.folder("train");
        try {
            Path picture = scratch.resolve(new org.apache.hadoop.fs.Path(first.source()).getName());
            Files.write(picture, content(first.source()));
            Training training =
                    training(first, picture).cache(scratch.resolve("cache")).checkpointEvery(0);
            Trained trained =
                    model.train(training, scratch.resolve("out"), new Ending(isCancelled));
            for (Wanted piece : pieces) {
                put(piece, trained, storage, attempt);
            }
            return trained.seconds();
        } finally {
            Scratch.delete(scratch);
        }
    }

    /** The training of a piece with the picture where it now is. */
    private static Training training(Wanted piece, Path picture) {
        Training asked = piece.training();
        Training training =
                Training.of(picture, asked.caption().orElseThrow())
                        .plan(asked.plan())
                        .phases(asked.phases().toArray(String[]::new))
                        .seed(asked.seed());
        training = asked.steps().map(training::steps).orElse(training);
        training = asked.rank().map(training::rank).orElse(training);
        training = asked.size().map(training::size).orElse(training);
        return asked.learningRate().map(training::learningRate).orElse(training);
    }

    private static void put(Wanted piece, Trained trained, Storage storage, String attempt)
            throws IOException {
        Map<String, Object> last = new LinkedHashMap<>();
        last.put("caption", piece.training().caption().orElseThrow());
        last.put("seconds", trained.seconds());
        List<Object> adapters = new ArrayList<>();
        for (Trained.Adapter adapter : trained.adapters()) {
            String file = piece.folder() + "/" + adapter.phase() + ".safetensors";
            byte[] bytes = storage.put(file, Files.readAllBytes(adapter.file()), attempt);
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("file", file);
            one.put("bytes", bytes.length);
            one.put("sha256", Names.sha256(bytes));
            adapters.add(one);
        }
        last.put("adapters", adapters);
        byte[] json = Columns.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(last);
        storage.put(piece.file(), json, attempt);
    }

    /** May be ended from outside. */
    private record Ending(BooleanSupplier isWanted) implements TrainingListener {
        @Override
        public void progress(TrainingProgress progress) {}

        @Override
        public boolean isCancelled() {
            return isWanted.getAsBoolean();
        }
    }

    @Override
    public Made look(Wanted piece, Storage storage) throws IOException {
        byte[] last = storage.read(piece.file());
        try {
            List<String> adapters = new ArrayList<>();
            long bytes = 0;
            for (JsonNode adapter : Columns.MAPPER.readTree(last).required("adapters")) {
                adapters.add(adapter.required("file").asText());
                bytes += adapter.required("bytes").asLong();
            }
            Map<String, Object> columns = new HashMap<>(piece.columns());
            columns.put("adapters", adapters);
            return new Made(columns, bytes, Names.sha256(last));
        } catch (IOException | IllegalArgumentException e) {
            throw new FormatException(
                    null,
                    storage.path(piece.file()),
                    "is not what a training writes (" + e.getMessage() + ")",
                    "delete it, and the training is done again");
        }
    }
}
