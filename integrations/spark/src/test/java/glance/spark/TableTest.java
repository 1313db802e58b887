package glance.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableTest {
    @ParameterizedTest
    @CsvSource({
        "prompts.jsonl, json",
        "s3a://b/prompts.JSON.gz, json",
        "prompts.csv, csv",
        "hdfs:///table.parquet/, parquet"
    })
    void format_followsFromTheName(String path, String format) {
        assertThat(Table.format(path)).isEqualTo(format);
    }

    @Test
    void format_ofANameThatSaysNothing_isAskedFor() {
        assertThatThrownBy(() -> Table.format("s3a://b/prompts"))
                .hasMessageContaining("give --format json, csv, parquet");
    }
}
