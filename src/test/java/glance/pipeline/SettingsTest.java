package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.Request;
import glance.api.RequestException;
import glance.fixtures.Fixture;
import glance.fixtures.TinyFlux2;
import glance.io.ModelFolder;
import java.nio.file.Path;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    @TempDir private Path folder;

    /** The files are not there, so that reading one would say so first. */
    @Test
    void references_areCountedBeforeOneIsRead() {
        ModelFolder klein = ModelFolder.open(TinyFlux2.distilled(folder.resolve("klein")).path());
        Path none = folder.resolve("none.png");
        Request many = Request.of("a star").references(Collections.nCopies(11, none));
        refused(many, klein, "11 reference pictures: this model takes at most 10");
        ModelFolder tiny = ModelFolder.open(Fixture.tinyModel());
        refused(
                Request.of("a star").reference(none),
                tiny,
                "this model takes no reference pictures");
    }

    private static void refused(Request request, ModelFolder model, String message) {
        assertThatThrownBy(() -> Settings.of(request, model))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining(message);
        assertThatThrownBy(() -> Settings.size(request, model))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining(message);
    }
}
