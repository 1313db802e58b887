package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import glance.api.Init;
import glance.pipeline.StartPicture;
import java.util.Optional;

/**
 * The picture that a recorded run starts from: {@code init} of case.json, with {@code strength} of
 * the run. Runs of an inpainting pipeline have {@code mask}, too.
 */
final class CaseStart {
    private CaseStart() {}

    /** That of a run, if the case has one. */
    static Optional<StartPicture> of(CaseFolder folder, JsonNode run) {
        JsonNode json = folder.json();
        if (!json.hasNonNull("init")) {
            return Optional.empty();
        }
        Init init = Init.of(folder.path().resolve(json.get("init").asText()));
        if (run.hasNonNull("strength")) {
            init = init.strength(Float.parseFloat(run.get("strength").asText()));
        }
        String pipeline = run.path("pipeline").asText(json.path("component").asText());
        if (pipeline.contains("Inpaint")) {
            init = init.mask(folder.path().resolve(folder.required("mask").asText()));
        }
        return Optional.of(StartPicture.read(init));
    }
}
