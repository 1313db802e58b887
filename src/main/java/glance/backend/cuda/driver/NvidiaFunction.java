package glance.backend.cuda.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUfunction;

/**
 * A loaded kernel with room for its parameters. The tree of pointers that a launch takes is built
 * once: the driver copies what it points to before the launch returns, so that the room can be
 * filled anew for the next.
 */
final class NvidiaFunction {
    final CUfunction function;

    /** Dynamic shared memory that was asked for so far. */
    int sharedBytes;

    private final ByteBuffer room =
            ByteBuffer.allocateDirect(Arguments.MAX_BYTES).order(ByteOrder.nativeOrder());
    private Pointer parameters;

    NvidiaFunction(CUfunction function) {
        this.function = function;
    }

    /** The arguments as cuLaunchKernel takes them; the kinds never change for a kernel. */
    Pointer parameters(Arguments arguments) {
        room.clear().put(arguments.bytes());
        if (parameters == null) {
            NativePointerObject[] each = new NativePointerObject[arguments.count()];
            for (int i = 0; i < each.length; i++) {
                each[i] = Pointer.to(room).withByteOffset(arguments.offsets()[i]);
            }
            parameters = Pointer.to(each);
        }
        return parameters;
    }
}
