package glance.backend.cuda;

import glance.tensor.Tensor;
import java.util.List;

/**
 * S of products that read one x, side by side: {@code scale x A^T} of each, columns times their
 * scales.
 *
 * @param products with as many shares each, packed, at least A
 * @param s [rows of all shares, columns], as many columns of each product
 */
record LowRows(List<Shares> products, Tensor s) {
    /** Columns of a product. */
    int width() {
        return s.dim(1) / products.size();
    }

    /** S of one product. */
    Tensor of(int product) {
        return s.narrow(1, product * width(), width());
    }

    /** The rows of some shares. */
    LowRows part(int first, int count) {
        int rows = products.get(0).rows();
        return new LowRows(
                products.stream().map(product -> product.part(first, count)).toList(),
                s.narrow(0, first * rows, count * rows));
    }
}
