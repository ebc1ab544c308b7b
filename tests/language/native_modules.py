# Modules written natively: operator, contextvars, ast, unicodedata, socket, hashes.
import ast
import contextvars
import hashlib
import operator
import pickle
import socket
import threading
import unicodedata

# operator
getter = operator.attrgetter("real", "imag")
print(getter(3), pickle.loads(pickle.dumps(getter)), operator.itemgetter(slice(1, 3))("abcd"))
call = operator.methodcaller("split", ",", maxsplit=1)
print(call("a,b,c"), call, pickle.loads(pickle.dumps(call))("x,y,z"))
for broken in (lambda: operator.itemgetter(), lambda: operator.concat(1, 2), lambda: operator.indexOf([], 1),
               lambda: operator.countOf(1, 2)):
    try:
        broken()
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)

# contextvars
var = contextvars.ContextVar("var", default=0)
token = var.set(1)
context = contextvars.copy_context()


def inside():
    var.set(2)
    return var.get()


print(context.run(inside), var.get(), context[var], token.old_value is contextvars.Token.MISSING)
var.reset(token)
print(var.get())
try:
    var.reset(token)
except RuntimeError as e:
    print(str(e).split(" at ")[0])
print(list(context.items()) == [(var, 2)], var in context, len(context))

# ast
tree = ast.parse("def f(a, *b: int, c=1, **d) -> str:\n    return f'{a!r:>{b}}' if c else [*b]\n")
print(ast.dump(tree, include_attributes=False))
print(ast.unparse(tree))
made = ast.Expression(ast.BinOp(ast.Constant(20), ast.Add(), ast.Constant((1, 2).__len__())))
print(eval(compile(ast.fix_missing_locations(made), "made", "eval")))
print(ast.literal_eval("{'a': [1, -2.5, (3+4j)], None: b'x'}"))
here = {"lineno": 1, "col_offset": 0}
for bad in (ast.Module([ast.Expr()], []), ast.Module([ast.Pass()], []), ast.Module(3, []),
            ast.Module([ast.Assign([], ast.Constant(1, **here), **here)], []),
            ast.Module([ast.Expr(ast.Name("None", ast.Load(), **here), **here)], []),
            ast.Module([ast.Expr(ast.Name("x", ast.Store(), **here), **here)], []),
            ast.Module([ast.Expr(ast.Constant([], **here), **here)], []),
            ast.Module([ast.Delete([ast.Constant(1, **here)], **here)], []), ast.Expression(ast.Constant(1, **here))):
    try:
        compile(bad, "bad", "exec")
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)

# unicodedata
print(unicodedata.name("\u00e9"), unicodedata.lookup("GREEK SMALL LETTER ALPHA"), unicodedata.category("5"))
print(ascii(unicodedata.normalize("NFKD", "\ufb01\u00c5")), unicodedata.is_normalized("NFC", "e\u0301"))
print(unicodedata.ucd_3_2_0.category("\u0221"), unicodedata.unidata_version, unicodedata.numeric("\u00bd"))

# socket
a, b = socket.socketpair()
a.sendmsg([b"one", b"two"])
print(b.recv(10))
b.settimeout(0.01)
try:
    b.recv(1)
except TimeoutError as e:
    print(e)
with socket.create_server(("127.0.0.1", 0)) as server:

    def serve():
        connection, _ = server.accept()
        with connection:
            connection.sendall(connection.recv(100)[::-1])

    thread = threading.Thread(target=serve)
    thread.start()
    with socket.create_connection(server.getsockname()) as client:
        client.sendall(b"stressed")
        print(client.makefile("rb").read())
    thread.join()
for broken in (lambda: a.bind(1), lambda: socket.inet_aton("x"), lambda: socket.htons(70000),
               lambda: a.settimeout(-1)):
    try:
        broken()
    except (TypeError, ValueError, OSError, OverflowError) as e:
        print(type(e).__name__, e)
a.close()
b.close()

# hashes
print(hashlib.sha3_256(b"x").hexdigest(), hashlib.shake_128(b"x").hexdigest(8))
print(hashlib.blake2b(b"x", key=b"k", salt=b"s", person=b"p", digest_size=20).hexdigest())
print(hashlib.blake2s(b"x" * 1000, fanout=2, depth=2, leaf_size=64, node_offset=1, inner_size=32).hexdigest())
print(hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 10).hex())
