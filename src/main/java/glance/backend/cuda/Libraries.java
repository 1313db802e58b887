package glance.backend.cuda;

import glance.api.MathLibrary;
import glance.backend.cuda.driver.Convolution;
import glance.backend.cuda.driver.Driver;
import glance.backend.cuda.driver.Gemm;
import java.util.Set;

/**
 * The libraries that a device was opened with. Where there is one, it computes what it can in place
 * of our own kernels.
 */
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
     * @throws glance.api.DeviceException if one cannot be used here, with the cause
     */
    static Libraries open(Driver driver, long stream, Set<MathLibrary> chosen) {
        Libraries libraries = new Libraries(driver);
        try {
            if (chosen.contains(MathLibrary.CUBLAS)) {
                libraries.workspace = driver.allocate(Gemm.WORKSPACE_BYTES);
                libraries.gemm = driver.openGemm(stream, libraries.workspace);
            }
            if (chosen.contains(MathLibrary.CUDNN)) {
                libraries.convolution = driver.openConvolution(stream);
            }
            return libraries;
        } catch (RuntimeException e) {
            libraries.close();
            throw e;
        }
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
