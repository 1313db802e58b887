package glance.tools;

import glance.api.RequestException;
import glance.api.adapter.Output;
import glance.api.adapter.Resize;
import glance.api.adapter.Watch;
import glance.lora.LoraFile;
import glance.lora.LoraLayout;
import glance.lora.LoraPair;
import glance.lora.LoraResize;
import glance.lora.Update;
import glance.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes adapters smaller, in their own layout. */
public final class Resizer {
    private Resizer() {}

    /** See {@link glance.LoraTools#resize}. */
    public static List<Resize.Module> resize(Resize request, Output output, Watch watch) {
        LoraResize resize = settings(request);
        DType wanted = Written.dtype(output);
        Path out = Place.file(output);
        LoraFile adapter = LoraFile.openByName(request.adapter());
        Written.warn(watch, adapter);
        DType dtype = Written.dtype(wanted, adapter.pairs().values());
        Map<String, Update> resized = new LinkedHashMap<>();
        List<Resize.Module> modules = new ArrayList<>();
        Pieces steps = new Pieces(watch, adapter.updates().size());
        adapter.updates()
                .forEach(
                        (module, update) -> {
                            steps.next(module);
                            LoraResize.Result result =
                                    Written.named(
                                            request.adapter(), () -> resize.apply(module, update));
                            LoraPair small = Written.stored(result.pair(), dtype);
                            resized.put(
                                    module,
                                    new Update(small, null, update.magnitude(), update.bias()));
                            modules.add(
                                    new Resize.Module(
                                            module, result.before(), small.rank(), result.kept()));
                        });
        // Names without prefix are taken for those of ComfyUI's readers.
        LoraLayout layout = adapter.layout().orElse(LoraLayout.COMFYUI);
        Written.write(out, adapter.path(), resized, Written.notes(adapter), layout, dtype);
        return List.copyOf(modules);
    }

    private static LoraResize settings(Resize request) {
        if (request.rank() == null && request.energy() == null) {
            throw new RequestException("rank or energy is needed; give one or both");
        }
        return new LoraResize(
                request.rank() == null ? LoraResize.NO_LIMIT : request.rank(),
                request.energy() == null ? 1 : request.energy());
    }
}
