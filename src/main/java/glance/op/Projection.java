package glance.op;

import glance.tensor.Tensor;

/**
 * What a linear product does to its rows: {@code residual + gate * act(x W^T + bias + lora)}.
 *
 * @param weight [out, in]
 * @param bias [out], or null
 * @param lora low-rank addition, or null
 */
public record Projection(Tensor weight, Tensor bias, Addition lora, Epilogue epilogue) {}
