package glance.bench;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** PyTorch in this JVM: the module of {@code peer.py} and its arguments. */
final class Torch implements AutoCloseable {
    private final PtNDManager manager;
    private final PtSymbolBlock module;
    private final List<IValue> arguments = new ArrayList<>();

    /**
     * Opens PyTorch.
     *
     * @throws IllegalStateException if PyTorch did not take the number of threads
     */
    Torch(int threads) {
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        // Read once, when the engine is loaded: later changes of these two have no effect.
        System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
        System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
        Engine.getEngine("PyTorch");
        if (JniUtils.getNumThreads() != threads) {
            throw new IllegalStateException(
                    "PyTorch runs with "
                            + JniUtils.getNumThreads()
                            + " threads instead of "
                            + threads);
        }
        manager = (PtNDManager) NDManager.newBaseManager("PyTorch");
        try {
            module =
                    JniUtils.loadModule(
                            manager, new ByteArrayInputStream(TorchArchive.peer()), false, false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The version of the native library. */
    static String version() {
        return Engine.getEngine("PyTorch").getVersion();
    }

    /** An argument with the given values, row-major; lives as long as this. */
    IValue argument(float[] values, int... dims) {
        return keep(IValue.from(array(values, dims)));
    }

    /** The same in bf16. */
    IValue halfArgument(float[] values, int... dims) {
        return keep(call("half", argument(values, dims)));
    }

    /** A list of tensors as one argument; lives as long as this. */
    IValue argument(List<PtNDArray> list) {
        return keep(IValue.listFrom(list.toArray(new PtNDArray[0])));
    }

    private IValue keep(IValue argument) {
        arguments.add(argument);
        return argument;
    }

    /** A tensor with the given values, row-major. */
    PtNDArray array(float[] values, int... dims) {
        long[] shape = new long[dims.length];
        for (int i = 0; i < dims.length; i++) {
            shape[i] = dims[i];
        }
        return (PtNDArray) manager.create(values, new Shape(shape));
    }

    /** Calls a method of the module; close the result. */
    IValue call(String method, IValue... arguments) {
        return IValueUtils.runMethod(module, method, arguments);
    }

    /** The values of a result, row-major. */
    float[] values(IValue result) {
        try (NDArray tensor = result.toTensor(manager);
                NDArray packed = tensor.toType(tensor.getDataType(), true).reshape(-1)) {
            return packed.toFloatArray();
        }
    }

    @Override
    public void close() {
        arguments.forEach(IValue::close);
        module.close();
        manager.close();
    }
}
