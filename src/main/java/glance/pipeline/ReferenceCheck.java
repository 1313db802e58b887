package glance.pipeline;

import glance.api.RequestException;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.model.ReferenceRules;
import java.util.Optional;

/** Whether a model takes so many pictures to look at. */
public final class ReferenceCheck {
    private ReferenceCheck() {}

    /**
     * @param given how many pictures it is to look at
     * @throws RequestException if it does not take them, with what does
     */
    public static void require(int given, Family family, ModelFolder folder) {
        Optional<ReferenceRules> rules = family.references(folder);
        if (given > 0 && rules.isEmpty()) {
            throw new RequestException(
                    "this model takes no reference pictures; "
                            + family.editor()
                                    .map(editor -> editor + " is the one of its kind that does")
                                    .orElse(
                                            "models that edit do, such as Qwen-Image-Edit, FLUX.1"
                                                    + " Kontext and FLUX.2 [klein]"));
        }
        if (given > 0 && given > rules.get().most()) {
            throw new RequestException(
                    given + " reference pictures: this model takes at most " + rules.get().most());
        }
    }
}
