package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.fixtures.TinyFolder;
import glance.io.ModelFolder;
import glance.model.Family;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FolderNoteTest {
    @TempDir private Path folder;

    @BeforeEach
    void makeModel() {
        new TinyFolder(folder).file("model_index.json", "{\"_class_name\": \"QwenImagePipeline\"}");
    }

    private ModelFolder model(String note) {
        new TinyFolder(folder).file("glance.json", note);
        return ModelFolder.open(folder);
    }

    @Test
    void folderWithoutANote_isUsedAsItsFamily() {
        ModelFolder model = ModelFolder.open(folder);
        assertThat(Families.defaults(model)).isEqualTo(Families.of(model).defaults(model));
        assertThat(FolderNote.of(model).experts()).isTrue();
    }

    @Test
    void whatTheNoteSays_takesThePlaceOfTheFamilysDefaults() {
        ModelFolder model =
                model(
                        "{\"plan\": \"uniform-6\", \"guidance\": 2.5, \"negative\": \"x\","
                                + " \"experts\": false}");
        Family.Defaults defaults = Families.defaults(model);
        assertThat(defaults.plan().name()).isEqualTo("uniform-6");
        assertThat(defaults.guidance()).isEqualTo(2.5f);
        assertThat(defaults.negative()).isEqualTo("x");
        assertThat(defaults.rescale()).isTrue();
        assertThat(FolderNote.of(model).experts()).isFalse();
    }

    @Test
    void whatItDoesNotSay_isThatOfTheFamily() {
        Family.Defaults defaults = Families.defaults(model("{\"plan\": \"glance-8\"}"));
        assertThat(defaults.plan().name()).isEqualTo("glance-8");
        assertThat(defaults.guidance()).isEqualTo(4);
        assertThat(defaults.negative()).isEqualTo(" ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "{\"plan\": \"/etc/passwd\"}    | plan: no plan has this name; known plans: full, ",
                "{\"plan\": \"uniform-0\"}      | plan: plan 'uniform-0': N must be 1 to 1000",
                "{\"plan\": 6}                  | plan: expected a string, got 6",
                "{\"guidance\": 0}              | guidance: must be at least 1",
                "{\"guidance\": 1e99}           | guidance: expected a number",
                "{\"guidance\": \"4\"}          | guidance: expected a number",
                "{\"negative\": 1}              | negative: expected a string",
                "{\"experts\": \"no\"}          | experts: expected ",
                "{\"plans\": \"glance\"}        | plans: is not a key of a model's note; known keys",
                "[]                             | not a single JSON object",
                "{                              | ",
            })
    void anythingElse_isRefusedByFileAndKey(String note, String message) {
        ModelFolder model = model(note);
        assertThatThrownBy(() -> Families.defaults(model))
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith(folder.resolve("glance.json") + ": ")
                .hasMessageContaining(message == null ? "" : message)
                .hasMessageNotContaining("\n");
    }
}
