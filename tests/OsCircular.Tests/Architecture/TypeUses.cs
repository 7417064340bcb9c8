using System.Reflection;
using System.Reflection.Emit;

namespace OsCircular.Tests.Architecture;

/// <summary>Finds every type that a type's declaration and compiled code mention.</summary>
internal static class TypeUses
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    public static IEnumerable<Type> Of(Type type)
    {
        var found = new HashSet<Type>();
        Add(found, type.BaseType);
        foreach (Type contract in type.GetInterfaces()) Add(found, contract);
        foreach (CustomAttributeData attribute in type.GetCustomAttributesData()) Add(found, attribute.AttributeType);
        foreach (FieldInfo field in type.GetFields(Declared)) Add(found, field.FieldType);
        foreach (MethodInfo method in type.GetMethods(Declared)) Add(found, method.ReturnType);
        foreach (MethodBase method in type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared)))
        {
            foreach (ParameterInfo parameter in method.GetParameters()) Add(found, parameter.ParameterType);
            AddBody(found, type, method);
        }

        foreach (Type parameter in type.IsGenericTypeDefinition ? type.GetGenericArguments() : [])
            foreach (Type constraint in parameter.GetGenericParameterConstraints()) Add(found, constraint);
        return found;
    }

    private static void AddBody(HashSet<Type> found, Type type, MethodBase method)
    {
        if (method.GetMethodBody() is not { } body || body.GetILAsByteArray() is not { } il) return;
        foreach (LocalVariableInfo local in body.LocalVariables) Add(found, local.LocalType);
        foreach (ExceptionHandlingClause clause in body.ExceptionHandlingClauses)
            if (clause.Flags == ExceptionHandlingClauseOptions.Clause) Add(found, clause.CatchType);

        Type[] ofType = type.IsGenericType ? type.GetGenericArguments() : [];
        Type[] ofMethod = method.IsGenericMethodDefinition ? method.GetGenericArguments() : [];
        foreach (int token in Tokens(il)) AddMember(found, method.Module.ResolveMember(token, ofType, ofMethod));
    }

    private static void AddMember(HashSet<Type> found, MemberInfo? member)
    {
        Add(found, member as Type ?? member?.DeclaringType);
        switch (member)
        {
            case FieldInfo field:
                Add(found, field.FieldType);
                break;
            case MethodBase method:
                foreach (ParameterInfo parameter in method.GetParameters()) Add(found, parameter.ParameterType);
                if (method is MethodInfo { ReturnType: { } returned }) Add(found, returned);
                if (method.IsGenericMethod) foreach (Type argument in method.GetGenericArguments()) Add(found, argument);
                break;
        }
    }

    private static void Add(HashSet<Type> found, Type? type)
    {
        if (type is null) return;
        if (type.HasElementType) Add(found, type.GetElementType());
        else if (!type.IsGenericParameter && found.Add(type) && type.IsGenericType)
            foreach (Type argument in type.GetGenericArguments()) Add(found, argument);
    }

    /// <summary>The metadata tokens of types, fields and methods in a method's code (ECMA-335, III.1.2).</summary>
    private static IEnumerable<int> Tokens(byte[] il)
    {
        for (int at = 0; at < il.Length;)
        {
            OpCode code = il[at] == 0xFE ? OpCodesByValue[(short)(0xFE00 | il[at + 1])] : OpCodesByValue[il[at]];
            at += code.Size;
            if (code.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
                yield return BitConverter.ToInt32(il, at);
            at += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(il, at),
                _ => 4,
            };
        }
    }
}
