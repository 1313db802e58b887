package glance;

import glance.picture.Origin;
import glance.pipeline.ImageResult;
import glance.pipeline.RunListener;
import glance.pipeline.Settings;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** Tells a user's listener what a run does. */
final class Hearing implements RunListener {
    private final Listener listener;
    private final Origin origin; // null where no picture comes of the run
    private final int total;
    private final BooleanSupplier cancelled;
    private final List<Picture> pictures = new ArrayList<>();
    private final Set<String> warned = new HashSet<>();
    private Progress last;
    private final Pace pace = new Pace();

    /**
     * @param origin of the pictures
     * @param total steps of all pictures
     * @param cancelled a second one who may end the run
     */
    Hearing(Listener listener, Origin origin, int total, BooleanSupplier cancelled) {
        this.listener = listener;
        this.origin = origin;
        this.total = total;
        this.cancelled = cancelled;
        again();
    }

    /** The pictures so far. */
    List<Picture> pictures() {
        return List.copyOf(pictures);
    }

    @Override
    public void stage(String name) {
        listener.stage(name);
    }

    @Override
    public void step(int step, int steps, String phase, double stepSeconds) {
        int done = Math.min(total, last.done() + 1);
        last =
                new Progress(
                        step == 1 ? last.prompt() + 1 : last.prompt(),
                        step,
                        steps,
                        phase,
                        done,
                        total,
                        stepSeconds,
                        pace.left(total - done, stepSeconds));
        listener.progress(last);
    }

    @Override
    public void together(int drawings) {
        listener.together(drawings);
    }

    @Override
    public void again() {
        last = new Progress(-1, 0, 0, null, 0, total, 0, 0);
    }

    @Override
    public void note(String message) {
        listener.note(message);
    }

    /** Told once, however many runs of a comparison it is true of. */
    @Override
    public void warning(String message) {
        if (warned.add(message)) {
            listener.warning(message);
        }
    }

    @Override
    public boolean wantsPreview() {
        return origin != null && listener.wantsPreview(last);
    }

    @Override
    public void preview(int step, List<BufferedImage> images) {
        Settings settings = origin.settings();
        String prompt = settings.prompts().get(last.prompt());
        List<Picture> shown = new ArrayList<>();
        for (int b = 0; b < images.size(); b++) {
            shown.add(new Picture(images.get(b), prompt, settings.seed() + b, origin));
        }
        listener.preview(last, shown);
    }

    @Override
    public void picture(int index, ImageResult result) {
        Picture picture = new Picture(result.picture(), result.prompt(), result.seed(), origin);
        pictures.add(picture);
        listener.picture(index, picture);
    }

    @Override
    public boolean isCancelled() {
        return listener.isCancelled() || cancelled.getAsBoolean();
    }
}
