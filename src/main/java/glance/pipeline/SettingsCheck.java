package glance.pipeline;

import glance.api.Request.Size;
import glance.api.RequestException;
import glance.io.ModelFolder;
import glance.model.Family;

/** Whether settings make sense for a model. */
final class SettingsCheck {
    private SettingsCheck() {}

    /**
     * @throws RequestException if they do not, naming the value
     */
    static void require(Settings settings, Family family, ModelFolder folder) {
        if (settings.prompts().isEmpty()) {
            throw new RequestException("no prompt given");
        }
        for (String prompt : settings.prompts()) {
            if (prompt.isBlank()) {
                throw new RequestException("the prompt is empty; say what to draw");
            }
        }
        if (settings.batch() < 1) {
            throw new RequestException("batch must be at least 1, got " + settings.batch());
        }
        float number = settings.guidance().number();
        int off = Math.round(settings.guidance().form().off());
        if (!(number >= off) || Float.isInfinite(number)) {
            throw new RequestException(
                    "guidance must be a finite number, at least %d (%d turns it off), got %s"
                            .formatted(off, off, number));
        }
        requireLimit(settings.guidance());
        float embedded = settings.guidance().embedded();
        if (!(embedded >= 0) || Float.isInfinite(embedded)) {
            throw new RequestException(
                    "embedded guidance must be a finite number, at least 0, got " + embedded);
        }
        family.promptTokens(folder).of(settings.maxPromptTokens());
        ReferenceCheck.require(settings.references().size(), family, folder);
        requireSize(settings, family.geometry(folder).pixelsPerToken());
        requireStart(settings, family.geometry(folder));
    }

    private static void requireStart(Settings settings, Family.Geometry geometry) {
        StartPicture start = settings.start().orElse(null);
        if (start == null) {
            return;
        }
        if (settings.steps() < 1) {
            throw new RequestException(
                    "strength "
                            + start.strength()
                            + " leaves none of the "
                            + settings.plan().levels().count()
                            + " steps of plan "
                            + settings.plan().name()
                            + "; take more");
        }
        StartCanvas canvas =
                new StartCanvas(start, new Size(settings.width(), settings.height()), geometry);
        if (canvas.keeps()) {
            canvas.latents();
        }
    }

    private static void requireLimit(Guidance guidance) {
        float limit = guidance.limit();
        if (!(limit >= 0) || Float.isInfinite(limit)) {
            throw new RequestException(
                    "guidance limit must be a finite number, at least 0 (0 is none), got " + limit);
        }
        if (limit > 0 && guidance.rescale()) {
            throw new RequestException(
                    "guidance limit "
                            + limit
                            + ": guidance of this model keeps every token's length anyway; leave it"
                            + " out");
        }
    }

    private static void requireSize(Settings settings, int unit) {
        for (int side : new int[] {settings.width(), settings.height()}) {
            if (side <= 0 || side % unit != 0) {
                int near = Math.max(unit, Math.round((float) side / unit) * unit);
                throw new RequestException(
                        "size "
                                + settings.size()
                                + ": sides must be positive multiples of "
                                + unit
                                + " for this model; "
                                + near
                                + " is the nearest to "
                                + side);
            }
        }
    }
}
