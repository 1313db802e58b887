package glance.cli.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class TableTest {
    @Test
    void columns_areAsWideAsTheirWidestCell() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new Table("a", "bb", "c").row("1234", "", "x").print(new PrintStream(bytes));
        assertThat(bytes.toString().lines()).containsExactly("a     bb  c", "1234      x");
    }

    @Test
    void rowOfAnotherWidth_isRefused() {
        assertThatThrownBy(() -> new Table("a").row("1", "2"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Table: a row must have 1 cells, got 2");
    }
}
