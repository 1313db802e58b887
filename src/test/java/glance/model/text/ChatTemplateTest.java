package glance.model.text;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.fixtures.Fixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplateTest {
    private static final String MESSAGES =
            "{%- for m in messages %}{{- '<|im_start|>' + m.role + '\\n' + m.content }}{%- endfor %}"
                    + "{%- if add_generation_prompt %}";
    private static final String THINKS = "{{- '<|im_start|>assistant\\n' }}";

    @TempDir private Path folder;

    private void write(String template) throws IOException {
        Files.writeString(folder.resolve("chat_template.jinja"), template);
    }

    @Test
    void require_recorded_isKnown() {
        for (boolean thinking : new boolean[] {true, false}) {
            assertThatCode(() -> ChatTemplate.require(Fixture.folder("qwen3-text"), thinking))
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void require_noTemplate_isFine() {
        assertThatCode(() -> ChatTemplate.require(folder, false)).doesNotThrowAnyException();
    }

    /** Without a way to turn thoughts off, only prompts that allow them are right. */
    @Test
    void require_noWayToTurnThoughtsOff_isRefusedWhereTheyMustBeOff() throws IOException {
        write(MESSAGES + THINKS + "{%- endif %}");
        assertThatCode(() -> ChatTemplate.require(folder, true)).doesNotThrowAnyException();
        assertThatThrownBy(() -> ChatTemplate.require(folder, false))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("chat_template.jinja");
    }

    @Test
    void require_anotherAnswer_isRefusedByName() throws IOException {
        write(MESSAGES + "{{- '<|im_start|>assistant\\n<think>\\n' }}{%- endif %}");
        assertThatThrownBy(() -> ChatTemplate.require(folder, true))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("an answer begins with '<|im_start|>assistant")
                .hasMessageContaining("not the form of Qwen3");
    }

    @Test
    void require_ordersOfItsOwn_isRefused() throws IOException {
        write(
                "{{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}"
                        + MESSAGES
                        + THINKS
                        + "{%- endif %}");
        assertThatThrownBy(() -> ChatTemplate.require(folder, true))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("system message of its own");
    }
}
