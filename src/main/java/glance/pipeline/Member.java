package glance.pipeline;

import glance.api.CancelledException;
import glance.api.DeviceException;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * A drawing among others in the same forward passes. What fails in it, or in who hears of it, ends
 * it alone; what fails in the device ends them all.
 */
final class Member {
    private final Drawing drawing;
    private int row; // its first one in the latents
    private final DrawingEnds ends;
    private final Ops ops;
    private final Decoding decoding;
    private final Previews previews;
    private boolean left; // takes no part in further passes
    private boolean over;

    Member(Drawing drawing, int row, DrawingEnds ends) {
        this.drawing = drawing;
        this.row = row;
        this.ends = ends;
        this.ops = drawing.pipeline().ops();
        Parts parts = drawing.pipeline().parts();
        this.decoding =
                new Decoding(
                        ops,
                        parts,
                        drawing.settings(),
                        drawing.grid(),
                        drawing::paste,
                        drawing::deliver);
        this.previews =
                new Previews(ops, drawing.grid(), parts, drawing::paste, drawing.listener());
    }

    boolean hasLeft() {
        return left || over;
    }

    Drawing drawing() {
        return drawing;
    }

    /** Its rows in the latents. */
    List<Integer> rows() {
        int rows = drawing.settings().batch();
        return IntStream.range(row, row + rows).boxed().toList();
    }

    /** Others have left the rows before its own. */
    void moveTo(int first) {
        row = first;
    }

    /** Does a part of its work. */
    private void attempt(Runnable part) {
        if (over) {
            return;
        }
        try {
            part.run();
        } catch (DeviceException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            fail(e);
        }
    }

    private void fail(Throwable cause) {
        over = true;
        ends.failed(drawing, cause);
    }

    void tell(Consumer<RunListener> news) {
        attempt(() -> news.accept(drawing.listener()));
    }

    /** Its phases are its own. */
    void step(int step, int steps, double seconds) {
        if (!left) {
            String phase = drawing.steps().get(step - 1).phase();
            tell(listener -> listener.step(step, steps, phase, seconds));
        }
    }

    void latents(int step, Tensor all) {
        if (!left) {
            tell(listener -> listener.latents(step, own(all)));
        }
    }

    void preview(Tensor all, int step) {
        if (!left) {
            attempt(() -> previews.accept(own(all), step));
        }
    }

    private Tensor own(Tensor all) {
        int rows = drawing.settings().batch();
        return rows == all.dim(0) ? all : all.narrow(0, row, rows);
    }

    /** Ends at once if nothing of it is finished; else that comes to its end first. */
    void leaveIfAsked() {
        attempt(
                () -> {
                    left = left || drawing.listener().isCancelled();
                    if (left && decoding.prompts() == 0) {
                        fail(new CancelledException());
                    }
                });
    }

    void add(Tensor all) {
        if (!left) {
            attempt(
                    () -> {
                        Tensor own = own(all);
                        NotFinite.check(ops.host().floats(own), NotFinite.LATENTS);
                        decoding.add(own);
                    });
        }
    }

    void decodeBeside() {
        attempt(decoding::decodeBeside);
    }

    /** Decodes what there is; then it is over. */
    void finish() {
        attempt(
                () -> {
                    List<ImageResult> pictures = decoding.finish();
                    if (decoding.prompts() < drawing.settings().prompts().size()) {
                        throw new CancelledException();
                    }
                    over = true;
                    ends.done(drawing, pictures);
                });
    }
}
