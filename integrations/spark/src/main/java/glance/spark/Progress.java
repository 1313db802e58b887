package glance.spark;

import java.util.Locale;
import java.util.function.Consumer;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.util.LongAccumulator;

/** Says on the driver, as tasks end, how far the work is. */
final class Progress extends SparkListener {
    private static final long SILENCE_NANOS = 10_000_000_000L;

    private final String noun;
    private final long total;
    private final LongAccumulator rows;
    private final LongAccumulator failed;
    private final Consumer<String> lines;
    private final long start = System.nanoTime();
    private long last = start;

    /**
     * @param noun what is counted
     * @param total rows to do
     */
    Progress(
            String noun,
            long total,
            LongAccumulator rows,
            LongAccumulator failed,
            Consumer<String> lines) {
        this.noun = noun;
        this.total = total;
        this.rows = rows;
        this.failed = failed;
        this.lines = lines;
    }

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
        long now = System.nanoTime();
        if (now - last >= SILENCE_NANOS && rows.value() > 0) {
            last = now;
            double minutes = (now - start) / 6e10;
            // What is made twice is counted twice.
            long done = Math.min(total, rows.value());
            lines.accept(
                    String.format(
                            Locale.ROOT,
                            "%d of %d %s, %.1f a minute%s",
                            done,
                            total,
                            noun,
                            done / minutes,
                            failed.value() == 0 ? "" : ", " + failed.value() + " failed"));
        }
    }
}
