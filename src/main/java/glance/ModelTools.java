package glance;

import glance.api.CancelledException;
import glance.api.Conversion;
import glance.api.Converted;
import glance.api.FormatException;
import glance.api.RequestException;
import glance.api.adapter.Output;
import glance.api.adapter.Watch;
import glance.tools.ModelConverter;

/**
 * Tools on the files of models:
 *
 * <pre>{@code
 * new ModelTools()
 *         .convert(
 *                 Conversion.of(Path.of("FLUX.1-dev")),
 *                 Output.to(Path.of("flux.gguf")).dtype("Q4_K"));
 * }</pre>
 *
 * They need no device: everything happens on the host, with all its cores. Results are complete or
 * not there. May be called from any thread, which does the work; interrupting it ends the work as
 * the watch does.
 */
public final class ModelTools {
    private final Watch watch;

    /** Tools that nobody watches. */
    public ModelTools() {
        this(Watch.NONE);
    }

    /**
     * Tools with somebody who hears of the work and may end it.
     *
     * @param watch for all that these tools do
     */
    public ModelTools(Watch watch) {
        this.watch = watch;
    }

    /**
     * Writes a part of a model in another form and type. Goes tensor by tensor, so the model may be
     * larger than memory.
     *
     * <p>The output is a file that ends in .gguf or .safetensors, or a folder, in which a config
     * goes beside the weights. Its dtype is F32, BF16, F16, of GGUF also Q8_0, Q5_0, Q4_0, Q4_K or
     * Q6_K, of the others F8_E4M3, which has a scale for each matrix in the marks of ComfyUI. If it
     * is null: Q8_0 in GGUF, else that of the source, BF16 where the source is quantised.
     *
     * <p>Types of less than 16 bits are for the matrices of the model's blocks. The other matrices
     * stay as they are, F32 where they were quantised; vectors and what has at most 1024 numbers
     * are F32 in GGUF and stay as they are elsewhere.
     *
     * @return what rounding cost each tensor
     * @throws RequestException if the type is none that the output can have, the model has no such
     *     part, or has one kind of names where some are asked for, or the output has no place
     * @throws FormatException if the source cannot be used, or a number is not finite or beyond
     *     what the type holds, or a tensor is over 2 GiB
     * @throws CancelledException if the work was ended from outside
     */
    public Converted convert(Conversion request, Output output) {
        return FileWork.run(() -> ModelConverter.convert(request, output, watch));
    }
}
