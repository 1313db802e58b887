package glance.spark;

import glance.api.CancelledException;
import glance.api.DeviceException;
import glance.api.RequestException;
import java.io.IOException;
import java.net.InetAddress;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.util.LongAccumulator;
import scala.Tuple2;

/**
 * The body of a task: makes what its rows ask for and is not there yet, and tells of each row. It
 * may run twice, at the same time or one after the other: what one has put in its place the other
 * keeps.
 *
 * @param <P> what a row asks for
 */
final class Making<P extends Craft.Piece>
        implements FlatMapFunction<Iterator<Tuple2<Long, Row>>, Row> {
    private final Craft<P> craft;
    private final Place place;
    private final Storage storage;
    private final String run;
    private final LongAccumulator rows;
    private final LongAccumulator failed;

    /**
     * @param run its name
     * @param rows counts those that are done with
     * @param failed counts those that failed
     */
    Making(
            Craft<P> craft,
            Place place,
            Storage storage,
            String run,
            LongAccumulator rows,
            LongAccumulator failed) {
        this.craft = craft;
        this.place = place;
        this.storage = storage;
        this.run = run;
        this.rows = rows;
        this.failed = failed;
    }

    /** Where a task runs. */
    private record Here(
            TaskContext context, String attempt, String executor, String device, int threads)
            implements BooleanSupplier {
        @Override
        public boolean getAsBoolean() {
            return context.isInterrupted() || Engine.isClosing();
        }
    }

    /** A row, and what it asks for, or why it does not. */
    private record Asked<T>(long number, String json, T piece, RuntimeException problem) {}

    @Override
    public Iterator<Row> call(Iterator<Tuple2<Long, Row>> sorted) throws Exception {
        TaskContext context = TaskContext.get();
        SparkEnv env = SparkEnv.get();
        Here here =
                new Here(
                        context,
                        run
                                + "-"
                                + context.partitionId()
                                + "-"
                                + context.attemptNumber()
                                + "-"
                                + context.taskAttemptId(),
                        env.executorId(),
                        place.device(context.resourcesJMap()),
                        place.threads(env.conf()));
        Map<String, List<Asked<P>>> byHash = new LinkedHashMap<>();
        while (sorted.hasNext()) {
            Row row = sorted.next()._2();
            Asked<P> asked = ask(row.getLong(0), row.getString(1));
            String hash = asked.piece() == null ? "" : asked.piece().hash();
            byHash.computeIfAbsent(hash, key -> new ArrayList<>()).add(asked);
        }
        List<Row> told = new ArrayList<>();
        for (List<Asked<P>> same : byHash.values()) {
            told.addAll(make(same, here));
            rows.add(same.size());
        }
        return told.iterator();
    }

    private Asked<P> ask(long number, String json) {
        try {
            return new Asked<>(number, json, craft.read(Columns.parse(json)), null);
        } catch (RuntimeException e) {
            Failures.requireOfRow(e);
            return new Asked<>(number, json, null, e);
        }
    }

    private List<Row> make(List<Asked<P>> same, Here here) throws IOException {
        Map<String, P> missing = new LinkedHashMap<>();
        for (Asked<P> asked : same) {
            if (asked.problem() == null && !storage.has(asked.piece().file())) {
                missing.put(asked.piece().file(), asked.piece());
            }
        }
        Double seconds = null;
        RuntimeException problem = null;
        String device = null;
        if (!missing.isEmpty()) {
            Engine engine = Engine.of(place.model(), here.device(), here.threads(), here);
            device = engine.device();
            try {
                seconds =
                        craft.make(
                                List.copyOf(missing.values()),
                                engine.model(),
                                storage,
                                here.attempt(),
                                here);
                engine.hasMade();
            } catch (RuntimeException e) {
                problem = of(e, engine, here);
            }
        }
        List<Row> told = new ArrayList<>();
        for (Asked<P> asked : same) {
            RuntimeException own = asked.problem() != null ? asked.problem() : problem;
            if (own != null && (asked.piece() == null || !storage.has(asked.piece().file()))) {
                told.add(failed(asked, own, device, here));
                failed.add(1);
            } else {
                // Of rows that ask for the same file, the first is the one that it was made for.
                boolean isNew = missing.remove(asked.piece().file()) != null;
                told.add(made(asked, isNew ? seconds : null, device, here));
            }
        }
        return told;
    }

    private static RuntimeException of(RuntimeException e, Engine engine, Here here) {
        if (e instanceof CancelledException) {
            here.context().killTaskIfInterrupted();
        }
        if (engine.isClosed()) {
            // Whatever it says: somebody closed it in the middle of this.
            throw e;
        }
        if (e instanceof DeviceException device && !device.isOutOfMemory()) {
            // A device that failed is of no use to later tasks as it is.
            engine.discard();
        }
        Failures.requireOfRow(e);
        if (!(e instanceof RequestException)) {
            engine.requireWorks(here);
        }
        return e;
    }

    private Row made(Asked<P> asked, Double seconds, String device, Here here) throws IOException {
        Map<String, Object> values = told(asked, seconds == null ? null : device, here);
        try {
            Craft.Made made = craft.look(asked.piece(), storage);
            values.putAll(made.columns());
            values.put("bytes", made.bytes());
            values.put("sha256", made.sha256());
        } catch (RuntimeException e) {
            Failures.requireOfRow(e);
            return failed(asked, e, device, here);
        }
        values.put("status", seconds == null ? Rows.KEPT : Rows.DONE);
        values.put("seconds", seconds);
        return Rows.of(Rows.manifest(craft), values);
    }

    private Row failed(Asked<P> asked, RuntimeException problem, String device, Here here) {
        Map<String, Object> values = told(asked, device, here);
        values.put("status", Rows.FAILED);
        values.put("reason", Failures.reason(problem));
        return Rows.of(Rows.manifest(craft), values);
    }

    /**
     * @param device that the work was done on; null if there was none
     */
    private Map<String, Object> told(Asked<P> asked, String device, Here here) {
        Map<String, Object> values = new HashMap<>();
        values.put("row", asked.number());
        values.put("model", place.model());
        values.put("device", device);
        values.put("executor", here.executor());
        values.put("host", host());
        values.put("attempt", here.attempt());
        values.put("run", run);
        values.put("finished", Timestamp.from(Instant.now()));
        try {
            Columns columns = Columns.parse(asked.json());
            values.put("extra", columns.others(craft.known()));
            values.put("id", columns.text("id"));
        } catch (RuntimeException e) {
            values.put("extra", asked.json());
        }
        if (asked.piece() != null) {
            values.put("file", asked.piece().file());
            values.putAll(asked.piece().columns());
        }
        return values;
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (IOException e) {
            return null;
        }
    }
}
