package glance.backend.cuda;

import glance.backend.MathLibrary;
import glance.backend.cuda.driver.Convolution;
import glance.backend.cuda.driver.Driver;
import glance.backend.cuda.driver.Gemm;
import java.util.Map;

/** The libraries that are variants of an operation, opened where they were chosen. */
final class Libraries implements AutoCloseable {
    private final Driver driver;
    private long workspace;
    private Gemm gemm;
    private Convolution convolution;

    private Libraries(Driver driver) {
        this.driver = driver;
    }

    /** Our own kernels alone. */
    static Libraries none(Driver driver) {
        return new Libraries(driver);
    }

    /**
     * Opens the libraries asked for.
     *
     * @param variants chosen, by operation
     * @throws glance.api.DeviceException if one cannot be used here, with the cause
     */
    static Libraries open(Driver driver, long stream, Map<String, String> variants) {
        Libraries libraries = new Libraries(driver);
        try {
            if (isChosen(MathLibrary.CUBLAS, variants)) {
                libraries.workspace = driver.allocate(Gemm.WORKSPACE_BYTES);
                libraries.gemm = driver.openGemm(stream, libraries.workspace);
            }
            if (isChosen(MathLibrary.CUDNN, variants)) {
                libraries.convolution = driver.openConvolution(stream);
            }
            return libraries;
        } catch (RuntimeException e) {
            libraries.close();
            throw e;
        }
    }

    private static boolean isChosen(MathLibrary library, Map<String, String> variants) {
        return library.variant().equals(variants.get(library.operation()));
    }

    /** What computes products, or null for our own kernels. */
    Gemm gemm() {
        return gemm;
    }

    /** What computes convolutions, or null for our own kernels. */
    Convolution convolution() {
        return convolution;
    }

    @Override
    public void close() {
        if (gemm != null) {
            gemm.close();
        }
        if (workspace != 0) {
            driver.free(workspace);
        }
        if (convolution != null) {
            convolution.close();
        }
    }
}
