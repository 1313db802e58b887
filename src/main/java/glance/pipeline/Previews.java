package glance.pipeline;

import glance.api.DeviceException;
import glance.model.TokenGrid;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.function.ObjIntConsumer;
import java.util.function.UnaryOperator;

/** Decodes the latents after the steps for which the listener asks. */
final class Previews implements ObjIntConsumer<Tensor> {
    private final Ops ops;
    private final TokenGrid grid;
    private final RunListener listener;
    private final Parts parts;
    private final UnaryOperator<BufferedImage> finish;
    private boolean isPossible = true;

    Previews(
            Ops ops,
            TokenGrid grid,
            Parts parts,
            UnaryOperator<BufferedImage> finish,
            RunListener listener) {
        this.ops = ops;
        this.grid = grid;
        this.parts = parts;
        this.finish = finish;
        this.listener = listener;
    }

    @Override
    public void accept(Tensor latents, int step) {
        if (isPossible && listener.wantsPreview()) {
            try (Scope scope = ops.scope()) {
                List<BufferedImage> pictures =
                        Pictures.of(ops, parts.codec().decode(ops, latents, grid));
                listener.preview(step, pictures.stream().map(finish).toList());
            } catch (DeviceException e) {
                if (!e.isOutOfMemory()) {
                    throw e;
                }
                isPossible = false;
                listener.warning("memory is short: there are no previews of this picture");
            }
        }
    }
}
