package glance.tools;

import glance.api.FormatException;
import glance.api.adapter.AdapterInfo;
import glance.api.adapter.AdapterReport;
import glance.api.adapter.AdapterReport.Update;
import glance.api.adapter.Watch;
import glance.io.SafetensorsFile;
import glance.lora.AdapterPath;
import glance.lora.LoraFile;
import glance.lora.LoraPair;
import glance.lora.LowRankSvd;
import glance.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How much adapters change the weights that they are for. */
public final class UpdateNorms {
    private static final double MOST = 0.95;

    private UpdateNorms() {}

    /** See {@link glance.LoraTools#info}. */
    public static AdapterReport report(Path location, Watch watch) {
        Path path = AdapterPath.file(location);
        AdapterInfo info = inspect(path);
        if (info.problem() != null) {
            return new AdapterReport(info, List.of());
        }
        LoraFile file = LoraFile.openByName(path);
        file.unused().forEach(line -> watch.warning(path + ": " + line));
        List<Update> updates = new ArrayList<>();
        Pieces steps = new Pieces(watch, file.updates().size());
        file.updates()
                .forEach(
                        (module, update) -> {
                            steps.next(module);
                            if (update.full() != null) {
                                updates.add(full(path, module, update));
                            } else if (update.pair() != null) {
                                updates.add(update(path, module, update.pair()));
                            }
                        });
        return new AdapterReport(info, updates);
    }

    private static AdapterInfo inspect(Path path) {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            if (!AdapterInspector.isAdapter(file)) {
                throw new FormatException(
                        path, null, "is no adapter", "glance-engine info shows what it holds");
            }
            return AdapterInspector.inspect(file);
        }
    }

    private static Update full(Path path, String module, glance.lora.Update update) {
        Shape shape = update.shape();
        double norm = Written.named(path, update::norm);
        return new Update(module, shape.dim(1), shape.dim(0), 0, 0, norm, null, null);
    }

    private static Update update(Path path, String module, LoraPair pair) {
        LowRankSvd svd = Written.named(path, () -> LowRankSvd.of(module, pair));
        return new Update(
                module,
                pair.a().shape().dim(1),
                pair.b().shape().dim(0),
                pair.rank(),
                pair.alpha(),
                svd.norm(),
                svd.values()[0],
                svd.rankFor(MOST));
    }
}
