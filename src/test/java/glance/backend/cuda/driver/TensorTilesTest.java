package glance.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.tensor.DType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TensorTilesTest {
    @Test
    void matrix_hasItsColumnsFirst() {
        assertThat(TensorTiles.matrix(DType.BF16, 32, 100, 7, 208, 64, 8, true))
                .isEqualTo(
                        new TensorTiles(
                                DType.BF16,
                                32,
                                List.of(100L, 7L),
                                List.of(208L),
                                List.of(64, 8),
                                true));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "8 | 64 | 128 | 64 | 8 | needs an address that is a multiple of 16, got 8",
                "0 | 64 | 120 | 64 | 8 | needs strides that are multiples of 16, at least 128",
                "0 | 64 | 112 | 64 | 8 | needs strides that are multiples of 16, at least 128",
                "0 | 64 | 128 | 128 | 8 | needs rows of a tile of 16, 32, ... 128 bytes, got 256",
                "0 | 64 | 128 | 4 | 8 | needs rows of a tile of 16, 32, ... 128 bytes, got 8",
                "0 | 64 | 128 | 64 | 257 | needs a box of 1 to 256 elements, got 257",
                "0 | 0 | 128 | 64 | 8 | needs sizes of 1 to 2^32, got 0",
            })
    void whatNoGpuCopies_isRefused(
            long address, long columns, long rowBytes, int boxColumns, int boxRows, String words) {
        assertThatThrownBy(
                        () ->
                                TensorTiles.matrix(
                                        DType.BF16,
                                        address,
                                        columns,
                                        5,
                                        rowBytes,
                                        boxColumns,
                                        boxRows,
                                        true))
                .hasMessageContaining("a tensor map " + words);
    }
}
