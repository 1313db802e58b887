package glance.cli.bench;

import glance.api.Request.Size;
import glance.cli.common.SettingsOptions;
import glance.cli.common.WrongUseException;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.pipeline.Families;
import glance.pipeline.Guidance;
import glance.pipeline.Settings;
import glance.schedule.PlanJson;
import java.util.List;

/** The run that is measured. */
final class BenchRequest {
    private BenchRequest() {}

    static void requireBatch(int batch) {
        if (batch < 1 || batch > SettingsOptions.MAX_BATCH) {
            throw new WrongUseException(
                    "--batch " + batch + ": must be 1 to " + SettingsOptions.MAX_BATCH);
        }
    }

    /**
     * A request with the model's own guidance.
     *
     * @param size as {@link Size#parse} reads it, or null for the model's own
     */
    static Settings of(ModelFolder folder, String size, int batch, String plan) {
        Family family = Families.of(folder);
        Family.Defaults defaults = Families.defaults(folder);
        int side = family.geometry(folder).defaultSize();
        try {
            Size wanted = size == null ? new Size(side, side) : Size.parse(size);
            return new Settings(
                    List.of(family.typicalPrompt()),
                    defaults.negative(),
                    0,
                    batch,
                    wanted.width(),
                    wanted.height(),
                    Guidance.of(defaults),
                    PlanJson.find(plan),
                    List.of());
        } catch (IllegalArgumentException e) {
            throw new WrongUseException(e.getMessage());
        }
    }
}
