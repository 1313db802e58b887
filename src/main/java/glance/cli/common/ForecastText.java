package glance.cli.common;

import glance.pipeline.MemoryForecast;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** Prints the memory of a run for a person. */
public final class ForecastText {
    private ForecastText() {}

    public static void print(MemoryForecast forecast, PrintStream out) {
        print(forecast.width() + "x" + forecast.height(), forecast.parts(), out);
    }

    public static void print(String size, List<MemoryForecast.Part> parts, PrintStream out) {
        List<String> head = new ArrayList<>(List.of(size, "weights", "activations", "together"));
        boolean streams = parts.stream().anyMatch(part -> part.hostBytes() > 0);
        if (streams) {
            head.add("streams from host memory");
        }
        Table table = new Table(head.toArray(String[]::new));
        for (MemoryForecast.Part part : parts) {
            List<String> row =
                    new ArrayList<>(
                            List.of(
                                    part.name(),
                                    Units.bytes(part.weightBytes()),
                                    Units.bytes(part.scratchBytes()),
                                    Units.bytes(part.bytes())));
            if (streams) {
                row.add(part.hostBytes() == 0 ? "" : Units.bytes(part.hostBytes()));
            }
            table.row(row.toArray(String[]::new));
        }
        table.print(out);
    }
}
