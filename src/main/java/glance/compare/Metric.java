package glance.compare;

import glance.api.Outcome;
import glance.api.SceneScore;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** What is told of every picture beside its cost, as a number; NaN where it has no such number. */
public enum Metric {
    PSNR("psnr", "PSNR dB", 2, distance(Outcome.Distance::psnr)),
    SSIM("ssim", "SSIM", 3, distance(Outcome.Distance::ssim)),
    LATENT_ERROR("latent_error", "latent error", 3, distance(Outcome.Distance::latentError)),
    BACKGROUND("background", "background %", 0, score(SceneScore::background)),
    COLORS("colors", "colours %", 0, score(SceneScore::colors)),
    SHAPES("shapes", "shapes %", 0, score(SceneScore::shapes)),
    COUNT("count", "count %", 0, score(SceneScore::count)),
    LAYOUT("layout", "layout %", 0, score(SceneScore::layout)),
    ALL_RIGHT("all_right", "all right %", 0, score(SceneScore::all));

    private final String key;
    private final String title;
    private final int decimals;
    private final ToDoubleFunction<Outcome> value;

    Metric(String key, String title, int decimals, ToDoubleFunction<Outcome> value) {
        this.key = key;
        this.title = title;
        this.decimals = decimals;
        this.value = value;
    }

    private static ToDoubleFunction<Outcome> distance(ToDoubleFunction<Outcome.Distance> field) {
        return outcome ->
                outcome.distance() == null ? Double.NaN : field.applyAsDouble(outcome.distance());
    }

    private static ToDoubleFunction<Outcome> score(Function<SceneScore, Boolean> field) {
        return outcome -> {
            Boolean right = outcome.scene() == null ? null : field.apply(outcome.scene());
            return right == null ? Double.NaN : right ? 100 : 0;
        };
    }

    /** Name in CSV and JSON. */
    public String key() {
        return key;
    }

    /** Heading of a column for people. */
    public String title() {
        return title;
    }

    /** Digits worth showing. */
    public int decimals() {
        return decimals;
    }

    /** Whether it judges scenes. */
    public boolean isOfScenes() {
        return ordinal() >= BACKGROUND.ordinal();
    }

    double of(Outcome outcome) {
        return value.applyAsDouble(outcome);
    }
}
