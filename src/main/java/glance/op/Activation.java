package glance.op;

/** Pointwise functions that a product or a norm can apply on its way out. */
public enum Activation {
    /** {@code x}. */
    NONE,
    /** {@code 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))}; PyTorch {@code gelu("tanh")}. */
    GELU_TANH,
    /** {@code 0.5 x (1 + erf(x / sqrt(2)))}; PyTorch {@code gelu}. */
    GELU_ERF,
    /** {@code x sigmoid(1.702 x)}; CLIP's quick_gelu. */
    QUICK_GELU,
    /** {@code x sigmoid(x)}; also called swish. */
    SILU,
    /** {@code min(1, max(-1, x))}; PyTorch hardtanh. */
    HARD_TANH,
    /** {@code 1 / (1 + e^-x)}. */
    SIGMOID,
    /** {@code (e^x - e^-x) / (e^x + e^-x)}. */
    TANH
}
