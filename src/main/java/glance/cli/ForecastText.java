package glance.cli;

import glance.pipeline.MemoryForecast;
import java.io.PrintStream;
import java.util.List;

/** Prints the memory of a run for a person. */
final class ForecastText {
    private ForecastText() {}

    static void print(MemoryForecast forecast, PrintStream out) {
        print(forecast.width() + "x" + forecast.height(), forecast.parts(), out);
    }

    static void print(String size, List<MemoryForecast.Part> parts, PrintStream out) {
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
