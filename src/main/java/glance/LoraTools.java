package glance;

import glance.api.CancelledException;
import glance.api.FormatException;
import glance.api.RequestException;
import glance.api.adapter.AdapterReport;
import glance.api.adapter.Convert;
import glance.api.adapter.Extract;
import glance.api.adapter.Merge;
import glance.api.adapter.Output;
import glance.api.adapter.Resize;
import glance.api.adapter.Watch;
import glance.tools.Converter;
import glance.tools.Extractor;
import glance.tools.Merger;
import glance.tools.Resizer;
import glance.tools.UpdateNorms;
import java.nio.file.Path;
import java.util.List;

/**
 * Tools on adapter files:
 *
 * <pre>{@code
 * new LoraTools().resize(Resize.of(slow).rank(8), Output.to(Path.of("slow-8.safetensors")));
 * }</pre>
 *
 * They need no device: everything happens on the host, in float32 or better. Results are complete
 * or not there. May be called from any thread, which does the work; interrupting it ends the work
 * as the watch does.
 */
public final class LoraTools {
    private final Watch watch;

    /** Tools that nobody watches. */
    public LoraTools() {
        this(Watch.NONE);
    }

    /**
     * Tools with somebody who hears of the work and may end it.
     *
     * @param watch for all that these tools do
     */
    public LoraTools(Watch watch) {
        this.watch = watch;
    }

    /**
     * Describes an adapter, and measures how much it changes the weights that it is for. Of an
     * adapter that cannot be used it says why.
     *
     * @param adapter a file, or the folder of one
     * @throws FormatException if it is damaged, or no adapter
     * @throws CancelledException if the work was ended from outside
     */
    public AdapterReport info(Path adapter) {
        return FileWork.run(() -> UpdateNorms.report(adapter, watch));
    }

    /**
     * Lowers the rank of an adapter, losing as little as the rank allows.
     *
     * @return what became of each module, in the order of the file
     * @throws RequestException if a value is out of range, or the result has no place
     * @throws FormatException if the adapter cannot be used, or its weights allow no such rank
     * @throws CancelledException if the work was ended from outside
     */
    public List<Resize.Module> resize(Resize request, Output output) {
        return FileWork.run(() -> Resizer.resize(request, output, watch));
    }

    /**
     * Makes an adapter of what fine-tuning changed; in F32 if the output says no dtype.
     *
     * @return how well the change of each module is held, in the order of the base
     * @throws RequestException if the dtype is none to write, or the result has no place
     * @throws FormatException if a checkpoint cannot be used, the two are not of one model, nothing
     *     asked for differs, the weights allow no such rank, or the dtype does not hold the values
     * @throws CancelledException if the work was ended from outside
     */
    public List<Extract.Module> extract(Extract request, Output output) {
        return FileWork.run(() -> Extractor.extract(request, output, watch));
    }

    /**
     * Writes a copy of a model with adapters added to its weights. Goes tensor by tensor, so the
     * model may be larger than memory.
     *
     * @return what rounding cost each module that changed, in the order of the files
     * @throws RequestException if the dtype is none to write, or the result has no place
     * @throws FormatException if a file cannot be used, an adapter does not fit, or a sum is beyond
     *     what the dtype holds
     * @throws CancelledException if the work was ended from outside
     */
    public List<Merge.Module> merge(Merge request, Output output) {
        return FileWork.run(() -> Merger.merge(request, output, watch));
    }

    /**
     * Writes an adapter in another layout.
     *
     * @return what was written
     * @throws RequestException if there is no such layout or dtype, or the result has no place
     * @throws FormatException if the adapter cannot be used or does not fit the model, or names
     *     differ and no model is given
     * @throws CancelledException if the work was ended from outside
     */
    public Convert.Result convert(Convert request, Output output) {
        return FileWork.run(() -> Converter.convert(request, output, watch));
    }
}
