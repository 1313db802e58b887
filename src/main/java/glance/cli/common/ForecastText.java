package glance.cli.common;

import glance.pipeline.MemoryForecast;
import java.io.PrintStream;
import java.util.List;

/** Prints the memory of a run for a person. */
public final class ForecastText {
    private ForecastText() {}

    public static void print(MemoryForecast forecast, PrintStream out) {
        print(forecast.width() + "x" + forecast.height(), forecast.parts(), out);
    }

    public static void print(String size, List<MemoryForecast.Part> parts, PrintStream out) {
        Table table = new Table(size, "weights", "activations", "together");
        for (MemoryForecast.Part part : parts) {
            table.row(
                    part.name(),
                    Units.bytes(part.weightBytes()),
                    Units.bytes(part.scratchBytes()),
                    Units.bytes(part.bytes()));
        }
        table.print(out);
    }
}
